//! What runs on a client: the recipes that its application has begun.

use std::sync::Arc;

use super::recipes::{Call, Progress, Running};
use super::{Client, ClientFact, Output, State};
use crate::time::Time;
use crate::zookeeper::{ErrorCode, Reply, Request, WatchEvent};

/// How many recipes that have ended a client remembers for whoever watches it.
const REMEMBERED_RECIPES: usize = 8;

impl Client {
    pub(super) fn begin_recipe(&mut self, now: Time, call: Call, out: &mut Vec<Output>) {
        self.recipes_begun += 1;
        // Neither another recipe of this process nor an earlier process of its name has the same.
        let guid = format!(
            "{}{}x{}",
            self.id, self.connections_opened, self.recipes_begun
        );
        let is_over =
            |running: &Running| matches!(running.progress(), Progress::Done | Progress::Failed(_));
        if self.recipes.iter().filter(|it| is_over(it)).count() >= REMEMBERED_RECIPES
            && let Some(oldest) = self.recipes.iter().position(is_over)
        {
            self.recipes.remove(oldest);
        }
        self.recipes.push(Running::new(call, guid));
        let newest = self.recipes.len() - 1;
        self.tell_of(newest, out);
        if self.state == State::Connected {
            self.with_recipe(now, newest, out, Running::connected);
        }
    }

    pub(super) fn release(&mut self, now: Time, path: &Arc<str>, out: &mut Vec<Output>) {
        for place in 0..self.recipes.len() {
            if self.recipes[place].call().path == *path {
                self.with_recipe(now, place, out, Running::release);
            }
        }
    }

    pub(super) fn recipes_connected(&mut self, now: Time, out: &mut Vec<Output>) {
        for place in 0..self.recipes.len() {
            self.with_recipe(now, place, out, Running::connected);
        }
    }

    pub(super) fn recipes_disconnected(&mut self, now: Time, out: &mut Vec<Output>) {
        for place in 0..self.recipes.len() {
            self.with_recipe(now, place, out, |running| {
                running.disconnected();
                None
            });
        }
    }

    pub(super) fn recipes_over(&mut self, now: Time, code: ErrorCode, out: &mut Vec<Output>) {
        for place in 0..self.recipes.len() {
            self.with_recipe(now, place, out, |running| {
                running.session_over(code);
                None
            });
        }
    }

    pub(super) fn tell_recipes(&mut self, now: Time, event: &WatchEvent, out: &mut Vec<Output>) {
        for place in 0..self.recipes.len() {
            self.with_recipe(now, place, out, |running| running.told(event));
        }
    }

    /// An operation is answered; a recipe may have waited for it.
    pub(super) fn answer_recipe(
        &mut self,
        now: Time,
        number: u64,
        reply: &Reply,
        out: &mut Vec<Output>,
    ) {
        if let Some(place) = self.recipes.iter().position(|it| it.waits_for(number)) {
            self.with_recipe(now, place, out, |running| running.answered(reply));
        }
    }

    /// Lets a recipe take a step, says so, and asks for what it wants next.
    fn with_recipe(
        &mut self,
        now: Time,
        place: usize,
        out: &mut Vec<Output>,
        step: impl FnOnce(&mut Running) -> Option<Request>,
    ) {
        let running = &mut self.recipes[place];
        let before = (running.progress(), running.step());
        let next = step(running);
        if (running.progress(), running.step()) != before {
            self.tell_of(place, out);
        }
        if let Some(request) = next {
            let number = self.invoke(now, Some(request), out);
            self.recipes[place].asked(number);
        }
    }

    fn tell_of(&self, place: usize, out: &mut Vec<Output>) {
        let running = &self.recipes[place];
        out.push(Output::Fact(ClientFact::Recipe {
            call: running.call().clone(),
            step: running.steps()[running.step()],
            progress: running.progress(),
        }));
    }

    /// Its recipes, oldest first; of those that have ended, the latest.
    pub fn recipes(&self) -> impl Iterator<Item = &Running> {
        self.recipes.iter()
    }
}

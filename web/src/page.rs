//! How the page is laid out: what stands where, not how it looks.

use quorumscope_core::view::View;
use yew::prelude::*;

use crate::action::Tab;
use crate::app::App;
use crate::desk::{Desk, Dialog, Refusal};
use crate::panels::clients::Clients;
use crate::panels::compare::{self, Compare};
use crate::panels::console::Console;
use crate::panels::header::Header;
use crate::panels::help::Help;
use crate::panels::inspector::Inspector;
use crate::panels::lamps::lamps;
use crate::panels::lesson::Lesson;
use crate::panels::menu::ContextMenu;
use crate::panels::notice::NoticeBar;
use crate::panels::share::Share;
use crate::panels::story::Story;
use crate::panels::tabs::Tabs;
use crate::panels::transport::Transport;
use crate::panels::znodes::Znodes;
use crate::panels::{members, scenarios, settings};
use crate::shell::Shell;
use crate::stage::{LogGrid, Stage};

/// The whole element.
pub(crate) fn page(app: &App, shell: &Shell) -> Html {
    let model = shell.model.borrow();
    let desk = &app.desk;
    let on = &app.on;
    let drawer = desk.drawer.then_some("open");
    html! {
        <section class="qs" tabindex="-1" ref={app.root.clone()} aria-label={summary(&app.view)} data-drawer={drawer} data-beside={app.beside.is_some().then_some("")}>
            <Header
                protocol={app.view.protocol}
                beside={app.beside.is_some()}
                servers={app.view.servers.len()}
                seed={app.view.seed}
                scenario={desk.scenario}
                theme={desk.theme}
                drawer={desk.drawer}
                on={on.clone()}
            />
            <div class="strips">
                <NoticeBar notices={model.notices().to_vec()} failures={app.snapshot.failures.clone()} on={on.clone()} />
                <Lesson shown={app.snapshot.clone()} playing={model.playback.playing} on={on.clone()} />
            </div>
            { match &app.beside {
                Some(beside) => compare::rooms(app, beside, model.playback.playing, &shell.host),
                None => rooms(app, model.playback.playing),
            } }
            { panels(app) }
            <Transport
                shown={app.snapshot.clone()}
                now={app.view.time}
                playing={model.playback.playing}
                speed={model.playback.speed}
                on={on.clone()}
            />
            <ContextMenu menu={desk.menu.clone()} offers={app.snapshot.menu.clone()} refused={refused_here(desk)} on={on.clone()} />
            { dialog(app) }
            <p class="unseen" aria-live="polite">{ app.narrator.text() }</p>
        </section>
    }
}

/// What was refused, unless it was asked for in a dialog over the page.
fn refused_here(desk: &Desk) -> Option<Refusal> {
    desk.refused.clone().filter(|_| desk.dialog.is_none())
}

/// What was refused, unless it was asked for in a menu or a dialog.
fn refused_in_form(desk: &Desk) -> Option<Refusal> {
    refused_here(desk).filter(|_| desk.menu.is_none())
}

/// The cluster in one sentence, for those who cannot see it.
fn summary(view: &View) -> String {
    let up = view.servers.iter().filter(|server| server.up).count();
    format!("QuorumScope: {up} of {} servers up", view.servers.len())
}

fn rooms(app: &App, playing: bool) -> Html {
    let desk = &app.desk;
    let on = app.on_intent.clone();
    html! {
        <>
            <section class="room-stage" aria-label="Cluster">
                <Stage view={app.view.clone()} selected={desk.selected.clone()} lit={desk.light.clone()} {playing} on={on.clone()} />
            </section>
            <section class="room-logs" aria-label="Replicated log">
                <LogGrid
                    view={app.view.clone()}
                    selected={desk.selected.clone()}
                    lit={desk.light.clone()}
                    {on}
                    first={app.log_first()}
                    count={desk.log.count}
                    follow={desk.log.follow}
                    on_scroll={app.on_window.clone()}
                />
            </section>
        </>
    }
}

fn panels(app: &App) -> Html {
    let desk = &app.desk;
    let on = app.on.clone();
    let shown = app.snapshot.clone();
    let lit = desk.light.clone();
    let panel = match desk.tab {
        Tab::Story => html! { <Story {shown} filter={desk.filter.clone()} {lit} {on} /> },
        Tab::Znodes => {
            html! { <Znodes {shown} tree_of={desk.tree_of} {lit} refused={refused_in_form(desk)} {on} /> }
        }
        Tab::Clients => {
            html! { <Clients {shown} {lit} refused={refused_in_form(desk)} {on} /> }
        }
        Tab::Compare => match &app.beside {
            Some(beside) => {
                let refused = refused_in_form(desk).map(|refused| AttrValue::from(refused.text));
                html! { <Compare shown={beside.shown.clone()} {refused} {on} /> }
            }
            None => Html::default(),
        },
        Tab::Inspect => {
            html! { <Inspector {shown} selected={desk.selected.clone()} refused={refused_in_form(desk)} {on} /> }
        }
    };
    html! {
        <aside class="room-panels" aria-label="Panels">
            <Tabs tab={desk.tab} compares={app.beside.is_some()} on={app.on.clone()} />
            if app.beside.is_some() && desk.tab != Tab::Compare {
                { compare::side(app) }
            }
            { lamps(&app.snapshot.view, &app.on) }
            <div class="panel" role="tabpanel" aria-label={desk.tab.name()}>{ panel }</div>
            <Console shown={app.snapshot.clone()} asked={desk.console_asked} on={app.on.clone()} />
        </aside>
    }
}

fn dialog(app: &App) -> Html {
    let on = app.on.clone();
    let objection = app.snapshot.objection.as_ref();
    match &app.desk.dialog {
        None => Html::default(),
        Some(Dialog::Help) => html! { <Help {on} /> },
        Some(Dialog::Share) => {
            let (script, fragment) = app.snapshot.shared.clone().unwrap_or_default();
            html! { <Share {script} {fragment} branches={app.snapshot.branches.clone()} beside={app.beside.is_some()} root={app.root.clone()} {on} /> }
        }
        Some(Dialog::Scenarios) => scenarios::dialog(app.desk.scenario, &on),
        Some(Dialog::Members(draft)) => members::dialog(
            &app.snapshot.view,
            draft,
            objection,
            app.desk.refused.as_ref(),
            &on,
        ),
        Some(Dialog::Settings(draft)) => settings::dialog(draft, objection, &on),
    }
}

//! Going back in time, and doing otherwise.

use crate::page::{Page, server, time};

const SLIDER: &str = "[role=slider]";

#[test]
fn the_scrubber_goes_back_by_keys_and_live_returns() {
    let (page, _) = Page::led();
    page.advance(500);
    let end = page.view();

    page.execute("document.querySelector('[role=slider]').focus()", &[]);
    page.press("Home");
    page.see(".live[aria-pressed=false]");
    let begin = page.view();
    assert!(time(&begin).abs() < f64::EPSILON, "{}", begin["time"]);
    assert_eq!(server(&begin, "S1")["term"], 0);
    page.see("[data-server=S1][data-term='0'][data-role=follower]");

    page.press("ArrowRight");
    let nudged = time(&page.view());
    assert!(nudged > 0.0 && nudged < time(&end), "{nudged}");
    page.press("ArrowLeft");
    assert!(time(&page.view()) < nudged);

    page.click(".live");
    page.see(".live[aria-pressed=true]");
    assert_eq!(page.view(), end);
}

#[test]
fn a_click_on_the_scrubber_goes_to_that_instant() {
    let (page, _) = Page::led();
    page.advance(500);
    let end = page.view();
    page.click(SLIDER);
    page.see(".live[aria-pressed=false]");
    let middle = time(&page.view());
    let share = middle / time(&end);
    assert!((0.49..0.51).contains(&share), "at {share} of the run");
    page.press("End");
    page.wait_until(&format!(
        "document.querySelector('quorum-scope').time === {}",
        time(&end)
    ));
    assert_eq!(page.view(), end);
}

#[test]
fn a_step_back_and_a_step_forward_lead_to_the_same_instant() {
    let (page, _) = Page::led();
    page.push("Step back");
    page.push("Step back");
    let here = page.view();
    page.push("Step back");
    assert!(time(&page.view()) <= time(&here));
    assert_ne!(page.view()["event"], here["event"]);
    page.push("Step forward");
    assert_eq!(page.view(), here);
}

#[test]
fn an_act_in_the_past_opens_a_branch_and_both_stay() {
    let (page, leader) = Page::led();
    page.advance(500);
    let first = page.view();
    let lanes = "document.querySelectorAll('[data-branch]').length";
    assert_eq!(page.eval(lanes), 0);

    page.click(SLIDER);
    page.see(".live[aria-pressed=false]");
    page.click(&format!("[data-server={leader}]"));
    page.click(&format!(".inspector [data-command='crash {leader}']"));
    page.see(&format!("[data-server={leader}][data-up=false]"));
    page.wait_until(&format!("{lanes} === 2"));
    page.advance(300);
    let second = page.view();

    page.click("[data-branch][aria-pressed=false]");
    page.see(&format!("[data-server={leader}][data-up=true]"));
    page.click(".live");
    page.wait_until(&format!(
        "document.querySelector('quorum-scope').time === {}",
        time(&first)
    ));
    assert_eq!(page.view(), first);

    page.click("[data-branch][aria-pressed=false]");
    page.see(&format!("[data-server={leader}][data-up=false]"));
    page.click(".live");
    page.next_frame();
    assert_eq!(page.view(), second);

    page.push("Share");
    page.wait_until("document.querySelectorAll('dialog .branches li').length === 2");
}

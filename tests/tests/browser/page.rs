//! A page with a cluster in it, and how to read what the cluster does.
//!
//! Tests act by mouse, keys and touch, and let simulated time pass only by [`Page::advance`], so
//! that they do not depend on how fast the machine is.

use quorumscope_tests::browser::{Browser, Site};
use serde_json::{Value, json};
use std::ops::Deref;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Where the element is, in JavaScript.
const ELEMENT: &str = "document.querySelector('quorum-scope')";

/// How long a healthy cluster may take to elect a leader, in simulated milliseconds.
const ELECTION: f64 = 5_000.0;

/// Held by every page, and alone by the one that measures.
static MACHINE: RwLock<()> = RwLock::new(());

/// The site's page in a browser of its own. Fields are dropped in this order.
pub(crate) struct Page {
    browser: Browser,
    site: Site,
    _shared: Option<RwLockReadGuard<'static, ()>>,
    _alone: Option<RwLockWriteGuard<'static, ()>>,
}

impl Deref for Page {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}

impl Page {
    /// A browser that has not opened anything yet.
    #[track_caller]
    pub(crate) fn blank() -> Self {
        // A test that failed leaves nothing behind that could hurt the next.
        let shared = MACHINE.read().unwrap_or_else(PoisonError::into_inner);
        Self::with(Some(shared), None)
    }

    /// The same while no other page is open, so that what is measured is its own.
    #[track_caller]
    pub(crate) fn alone() -> Self {
        let alone = MACHINE.write().unwrap_or_else(PoisonError::into_inner);
        Self::with(None, Some(alone))
    }

    #[track_caller]
    fn with(
        shared: Option<RwLockReadGuard<'static, ()>>,
        alone: Option<RwLockWriteGuard<'static, ()>>,
    ) -> Self {
        let site = Site::dist();
        Self {
            browser: Browser::start(&site),
            site,
            _shared: shared,
            _alone: alone,
        }
    }

    /// Opens a path of the site and waits for its servers.
    #[track_caller]
    pub(crate) fn at(path: &str) -> Self {
        let page = Self::blank();
        page.open(path);
        page.ready();
        page
    }

    /// The default cluster, standing still at its beginning.
    #[track_caller]
    pub(crate) fn still() -> Self {
        Self::at("index.html?paused")
    }

    /// The default cluster with a leader, standing still; and who leads.
    #[track_caller]
    pub(crate) fn led() -> (Self, String) {
        let page = Self::still();
        let leader = page.elect();
        (page, leader)
    }

    /// Waits until the first element has its servers.
    #[track_caller]
    pub(crate) fn ready(&self) {
        self.see("quorum-scope[ready] [data-server]");
    }

    /// Where the site is.
    pub(crate) fn address(&self) -> &str {
        self.site.address()
    }

    /// A second browser at the same site, as a friend has it.
    #[track_caller]
    pub(crate) fn friend(&self) -> Browser {
        Browser::start(&self.site)
    }

    /// The cluster as the page tells it to scripts.
    #[track_caller]
    pub(crate) fn view(&self) -> Value {
        view(self)
    }

    /// What a JavaScript expression gives, with the element as `cluster`.
    #[track_caller]
    pub(crate) fn ask(&self, expression: &str) -> Value {
        self.execute(
            &format!("const cluster = {ELEMENT}; return ({expression});"),
            &[],
        )
    }

    /// Lets simulated milliseconds pass.
    #[track_caller]
    pub(crate) fn advance(&self, ms: u32) {
        self.ask(&format!("await cluster.advance({ms})"));
    }

    /// Runs a line that is not what the test is about.
    #[track_caller]
    pub(crate) fn run(&self, line: &str) {
        self.ask(&format!("cluster.run({})", json!(line)));
    }

    /// Lets time pass until all that are up follow one leader; says who.
    #[track_caller]
    pub(crate) fn elect(&self) -> String {
        // Asked one by one, the steps before anybody leads would take most of a test's time.
        let until_one_leads = "
            const [cluster, end] = [document.querySelector('quorum-scope'), arguments[0]];
            do await cluster.advance(20);
            while (cluster.time < end && !cluster.view().servers.some(server => server.role === 'leader'));
            return cluster.view();
        ";
        let end = time(&self.view()) + ELECTION;
        loop {
            let view = self.execute(until_one_leads, &[json!(end)]);
            if let Some(leader) = leader(&view) {
                return leader;
            }
            assert!(time(&view) < end, "nobody was elected within {ELECTION} ms");
        }
    }

    /// Shows a panel by its tab.
    #[track_caller]
    pub(crate) fn show(&self, panel: &str) {
        self.click(&self.named("[role=tab]", panel));
    }

    /// Clicks a button by what it says.
    #[track_caller]
    pub(crate) fn push(&self, name: &str) {
        self.click(&self.named("button", name));
    }

    /// A selector of the element whose text or label is `name`, among those of `selector`.
    #[track_caller]
    pub(crate) fn named(&self, selector: &str, name: &str) -> String {
        let script = "
            const [selector, name] = arguments;
            const all = [...document.querySelectorAll(selector)];
            const found = all.find(element =>
                element.textContent.trim() === name || element.getAttribute('aria-label') === name);
            const path = element => element.parentElement
                ? path(element.parentElement) + ' > :nth-child('
                    + (1 + [...element.parentElement.children].indexOf(element)) + ')'
                : ':root';
            return found ? path(found) : null;
        ";
        let arguments = [json!(selector), json!(name)];
        let mut found = Value::Null;
        // What was just done may not be drawn yet.
        for _ in 0..100 {
            found = self.execute(script, &arguments);
            if found.is_string() {
                break;
            }
            self.next_frame();
        }
        let path = found.as_str();
        path.unwrap_or_else(|| panic!("no {selector} is named {name}"))
            .to_owned()
    }

    /// Chooses from a list.
    #[track_caller]
    pub(crate) fn choose(&self, list: &str, value: &str) {
        self.see(list);
        self.execute(
            "const list = document.querySelector(arguments[0]);
             list.value = arguments[1];
             list.dispatchEvent(new Event('change', { bubbles: true }));",
            &[list.into(), value.into()],
        );
        self.next_frame();
    }

    /// Waits until what was done is drawn.
    #[track_caller]
    pub(crate) fn next_frame(&self) {
        self.execute(
            "for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);",
            &[],
        );
    }

    /// Runs a line as it is typed into the console.
    #[track_caller]
    pub(crate) fn type_line(&self, line: &str) {
        self.click("input[aria-label=Command]");
        self.write(line);
        self.press("Enter");
        self.next_frame();
    }
}

/// The cluster as a page tells it to scripts.
#[track_caller]
pub(crate) fn view(browser: &Browser) -> Value {
    browser.eval(&format!("{ELEMENT}.view()"))
}

/// What is known of a server.
#[track_caller]
pub(crate) fn server<'a>(view: &'a Value, id: &str) -> &'a Value {
    one(view, "servers", "id", id)
}

/// What is known of a znode, if it exists.
pub(crate) fn znode<'a>(view: &'a Value, path: &str) -> Option<&'a Value> {
    let znodes = view["znodes"].as_array()?;
    znodes.iter().find(|znode| znode["path"] == path)
}

/// The one of a list of the view that has this name.
#[track_caller]
pub(crate) fn one<'a>(view: &'a Value, list: &str, key: &str, name: &str) -> &'a Value {
    let mut all = view[list].as_array().into_iter().flatten();
    all.find(|one| one[key] == name)
        .unwrap_or_else(|| panic!("there is no {name} among the {list}"))
}

/// Whom all servers that are up hold for their leader.
pub(crate) fn leader(view: &Value) -> Option<String> {
    let servers = view["servers"].as_array()?;
    let up = || servers.iter().filter(|server| server["up"] == true);
    let leader = up().find(|server| server["role"] == "leader")?;
    let followed = up().all(|server| {
        server["term"] == leader["term"]
            && (server["id"] == leader["id"] || server["leader"] == leader["id"])
    });
    followed.then(|| leader["id"].as_str().unwrap_or_default().to_owned())
}

/// A simulated time of the view, in milliseconds.
#[track_caller]
pub(crate) fn time(view: &Value) -> f64 {
    view["time"].as_f64().expect("the view has a time")
}

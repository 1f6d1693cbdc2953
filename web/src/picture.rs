//! The ring as a file: the drawing with its computed colours, so that it stands without the page.

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, Element, HtmlAnchorElement, Node, Url, XmlSerializer};
use yew::NodeRef;

/// The properties that give the drawing its look.
const LOOK: [&str; 13] = [
    "fill",
    "fill-opacity",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
    "stroke-linecap",
    "stroke-opacity",
    "opacity",
    "font-family",
    "font-size",
    "font-weight",
    "text-anchor",
    "dominant-baseline",
];

/// Saves the ring under `root` as a file.
pub fn download(root: &NodeRef) {
    // Without a ring, or where files cannot be made, there is nothing to save.
    let _ = root.cast::<Element>().map(|root| save(&root));
}

fn save(root: &Element) -> Result<(), JsValue> {
    let Some(ring) = root.query_selector(".room-stage svg")? else {
        return Ok(());
    };
    let copy: Element = ring.clone_node_with_deep(true)?.unchecked_into();
    copy.set_attribute("xmlns", "http://www.w3.org/2000/svg")?;
    dress(&ring, &copy)?;
    let text = XmlSerializer::new()?.serialize_to_string(copy.unchecked_ref::<Node>())?;
    let options = BlobPropertyBag::new();
    options.set_type("image/svg+xml");
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&text.into()), &options)?;
    let address = Url::create_object_url_with_blob(&blob)?;
    let document = ring.owner_document().ok_or(JsValue::NULL)?;
    let anchor: HtmlAnchorElement = document.create_element("a")?.unchecked_into();
    anchor.set_href(&address);
    anchor.set_download("quorumscope.svg");
    anchor.click();
    Url::revoke_object_url(&address)
}

/// Writes the look that `from` and all it holds have on the page into `onto`.
fn dress(from: &Element, onto: &Element) -> Result<(), JsValue> {
    let window = crate::frames::window();
    let (sources, copies) = (from.query_selector_all("*")?, onto.query_selector_all("*")?);
    for place in 0..sources.length() {
        let pair = sources.item(place).zip(copies.item(place));
        let Some((source, copy)) = pair else { continue };
        let (source, copy): (Element, Element) = (source.unchecked_into(), copy.unchecked_into());
        let Some(style) = window.get_computed_style(&source)? else {
            continue;
        };
        let look: Vec<String> = LOOK
            .iter()
            .filter_map(|name| {
                style
                    .get_property_value(name)
                    .ok()
                    .map(|value| format!("{name}:{value}"))
            })
            .collect();
        copy.set_attribute("style", &look.join(";"))?;
    }
    Ok(())
}

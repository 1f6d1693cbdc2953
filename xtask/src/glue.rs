//! The texts of the page as they go over the wire: the script that instantiates the module, and the
//! styles in one file.

use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use walrus::Module;

/// What the script says where it gives the module its imports.
const IMPORTS: &str = "\"./quorumscope-web_bg.js\": import0,";

/// The script with the imports that a split module has beside its own.
pub(crate) fn with_parts(script: &str) -> Result<String> {
    ensure!(
        script.contains(IMPORTS),
        "the script does not hold `{IMPORTS}`: wasm-bindgen writes it differently now"
    );
    let more = format!("{IMPORTS} \"parts\": parts(() => wasm),");
    let script = script.replace(IMPORTS, &more);
    Ok(format!("import {{ parts }} from \"./parts.js\";\n{script}"))
}

/// Module and script with short names for what they give each other: the long ones carry digits
/// that do not compress.
pub(crate) fn with_short_names(wasm: &[u8], script: &str) -> Result<(Vec<u8>, String)> {
    let mut module = Module::from_buffer(wasm)?;
    let imports = module.imports.iter_mut().map(|import| &mut import.name);
    let exports = module.exports.iter_mut().map(|export| &mut export.name);
    let mut short = BTreeMap::new();
    for name in imports.chain(exports) {
        if ["__wb", "wasm_bindgen__", "__externref"]
            .iter()
            .any(|start| name.starts_with(start))
        {
            let number = short.len();
            let new = short
                .entry(name.clone())
                .or_insert_with(|| format!("_{number:x}"));
            new.clone_into(name);
        }
    }
    Ok((module.emit_wasm(), rename(script, &short)))
}

/// The text with some of its words replaced.
fn rename(text: &str, names: &BTreeMap<String, String>) -> String {
    let in_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut renamed = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|letter| !in_word(letter)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        renamed.push_str(names.get(word).map_or(word, String::as_str));
        let end = after.find(in_word).unwrap_or(after.len());
        renamed.push_str(&after[..end]);
        rest = &after[end..];
    }
    renamed
}

/// The script without its comments and the spaces at the beginning of its lines.
pub(crate) fn without_comments(script: &str) -> String {
    let lines = script.lines().map(str::trim_start);
    let is_code = |line: &&str| {
        !["/*", "*", "//"]
            .iter()
            .any(|start| line.starts_with(start))
    };
    let lines: Vec<_> = lines
        .filter(is_code)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join("\n")
}

/// Puts the files that a style sheet imports in the places of its imports. What it does not import
/// stays a file of its own, for whoever needs it later.
pub(crate) fn inline_styles(sheet: &Path) -> Result<()> {
    let folder = sheet.parent().context("the style sheet is in a folder")?;
    let mut whole = String::new();
    for line in fs::read_to_string(sheet)?.lines() {
        let part = line
            .strip_prefix("@import \"")
            .and_then(|line| line.strip_suffix("\";"));
        match part {
            Some(part) => {
                let file = folder.join(part);
                whole += &fs::read_to_string(&file)?;
                fs::remove_file(file).context("a part of the style sheet")?;
            }
            None => whole += line,
        }
        whole.push('\n');
    }
    fs::write(sheet, without_style_comments(&whole)).context("the style sheet")
}

/// The styles without their comments and the spaces at the beginning of their lines.
fn without_style_comments(styles: &str) -> String {
    let mut code = String::with_capacity(styles.len());
    let mut rest = styles;
    while let Some((before, after)) = rest.split_once("/*") {
        code.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    code.push_str(rest);
    let lines = code.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::{rename, with_parts, without_comments, without_style_comments};
    use std::collections::BTreeMap;

    #[test]
    fn styles_lose_their_comments_and_nothing_else() {
        let styles = "/* of\n   all */\na {\n  color: red; /* so */\n\n  margin: 0 1px;\n}\n";
        let code = "a {\ncolor: red;\nmargin: 0 1px;\n}";
        assert_eq!(without_style_comments(styles), code);
    }

    #[test]
    fn only_whole_words_are_renamed() {
        let names = BTreeMap::from([("__wbg_a".to_owned(), "_0".to_owned())]);
        let renamed = rename("wasm.__wbg_a(x.__wbg_ab, '…__wbg_a');", &names);
        assert_eq!(renamed, "wasm._0(x.__wbg_ab, '…_0');");
    }

    #[test]
    fn comments_go_and_code_stays() {
        let script = "/**\n * What.\n */\nlet a = 1;\n\n    // Why.\n    a * 2;";
        assert_eq!(without_comments(script), "let a = 1;\na * 2;");
    }

    #[test]
    fn a_script_that_is_written_differently_is_refused() {
        assert!(with_parts("imports: {}").is_err());
    }
}

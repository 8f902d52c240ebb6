//! Links to files of the repository and to their headings have a target.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::page::{Page, pages, root};

#[test]
fn links_lead_to_files_and_headings() {
    let mut broken = Vec::new();
    let mut followed = 0;
    for page in pages() {
        for target in targets(&page) {
            let Some((file, heading)) = within(&page, &target) else {
                continue;
            };
            followed += 1;
            let is_there = match heading {
                _ if !file.exists() => false,
                Some(heading) => headings(&file).contains(&heading),
                None => true,
            };
            if !is_there {
                broken.push(format!("{}: {target}", page.path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    assert!(followed > 50, "only {followed} links were found");
}

#[test]
fn headings_are_found_as_a_browser_finds_them() {
    for (heading, wanted) in [
        ("In your handler", "in-your-handler"),
        ("`http.route` is missing", "httproute-is-missing"),
        ("A, b – and c!", "a-b--and-c"),
        ("snake_case", "snake_case"),
    ] {
        assert_eq!(slug(heading), wanted);
    }
}

/// The targets of a page's links.
fn targets(page: &Page) -> Vec<String> {
    let prose = page.prose().join("\n");
    let inline = prose.split("](").skip(1).filter_map(|link| {
        let (target, _) = link.split_once(')')?;
        Some(target.to_owned())
    });
    let images = prose.split("src=\"").skip(1);
    let images = images.filter_map(|image| Some(image.split_once('"')?.0.to_owned()));
    inline.chain(images).collect()
}

/// The file and the heading of a link within the repository.
fn within(page: &Page, target: &str) -> Option<(PathBuf, Option<String>)> {
    let (path, heading) = match target.split_once('#') {
        Some((path, heading)) => (path, Some(heading.to_owned())),
        None => (target, None),
    };
    let path = match ["/blob/main/", "/tree/main/"]
        .iter()
        .find_map(|infix| path.strip_prefix(REPOSITORY)?.strip_prefix(infix))
    {
        Some(path) => root().join(path),
        None if path.contains("://") || path.starts_with("mailto:") => return None,
        // In the README of a crate it is an item, which rustdoc checks.
        None if is_item(page, path) => return None,
        None if path.is_empty() => page.path.clone(),
        None => page.path.parent()?.join(path),
    };
    Some((path, heading))
}

fn is_item(page: &Page, path: &str) -> bool {
    let folder = page.path.parent().unwrap_or(Path::new(""));
    folder.join("src/lib.rs").exists() && !path.is_empty() && !path.contains(['/', '.'])
}

fn headings(file: &Path) -> HashSet<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let page = Page {
        path: file.to_owned(),
        text,
    };
    let mut found = HashSet::new();
    for line in page.prose() {
        let Some(heading) = line.trim_start_matches('#').strip_prefix(' ') else {
            continue;
        };
        if !line.starts_with('#') {
            continue;
        }
        let slug = slug(heading);
        let mut unique = slug.clone();
        let mut count = 0;
        while !found.insert(unique.clone()) {
            count += 1;
            unique = format!("{slug}-{count}");
        }
    }
    found
}

/// The anchor of a heading.
fn slug(heading: &str) -> String {
    let heading = heading.trim().to_lowercase();
    let kept = heading
        .chars()
        .filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_'));
    kept.map(|character| if character == ' ' { '-' } else { character })
        .collect()
}

const REPOSITORY: &str = "https://github.com/otel-middleware/otel-middleware";

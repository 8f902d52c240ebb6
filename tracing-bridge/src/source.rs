//! The source location of a callsite, without paths of the build machine.

/// The path of a source file. An absolute path is shortened to begin with the folder of its
/// package: `serde-1.0.0/src/lib.rs`, `library/core/src/option.rs`.
pub(crate) fn path(file: &str) -> &str {
    if !is_absolute(file) {
        return file;
    }
    if let Some(start) = file.find("/library/").filter(|_| file.contains("/rustc/")) {
        return file.get(start + 1..).unwrap_or(file);
    }
    // The last folder `src` (or else `tests` and so on), and the folder around it.
    let folder = ["/src/", "\\src\\", "/tests/", "/examples/", "/benches/"]
        .into_iter()
        .find_map(|folder| file.rfind(folder));
    let package = folder.and_then(|end| file.get(..end)).and_then(|path| {
        let start = path.rfind(['/', '\\'])?;
        file.get(start + 1..)
    });
    package.unwrap_or_else(|| file.rsplit(['/', '\\']).next().unwrap_or(file))
}

/// The crate of a target.
pub(crate) fn crate_of(target: &str) -> &str {
    target.split_once(':').map_or(target, |(name, _)| name)
}

/// The version of a crate, from the folder of its sources: those of a registry have names such as
/// `sqlx-core-0.8.6`.
pub(crate) fn version_of(name: &str, file: &'static str) -> Option<&'static str> {
    file.split(['/', '\\']).find_map(|folder| {
        let version = folder.get(name.len()..)?.strip_prefix('-')?;
        let is_version = version.starts_with(|first: char| first.is_ascii_digit());
        let folder = folder.get(..name.len())?;
        let is_name = folder.chars().map(underscored).eq(name.chars());
        (is_version && is_name).then_some(version)
    })
}

fn is_absolute(file: &str) -> bool {
    file.starts_with(['/', '\\']) || file.as_bytes().get(1) == Some(&b':')
}

fn underscored(character: char) -> char {
    match character {
        '-' => '_',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_tell_nothing_of_the_machine_that_built() {
        for (file, expected) in [
            ("src/main.rs", "src/main.rs"),
            ("shop/src/orders/mod.rs", "shop/src/orders/mod.rs"),
            (
                "/home/ci/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f/sqlx-core-0.8.6/src/logger.rs",
                "sqlx-core-0.8.6/src/logger.rs",
            ),
            ("/builds/team/shop/src/main.rs", "shop/src/main.rs"),
            (
                "/builds/team/shop/src/bin/worker.rs",
                "shop/src/bin/worker.rs",
            ),
            ("/builds/team/shop/tests/http.rs", "shop/tests/http.rs"),
            (
                "/rustc/4eb161250e340c8f48f66e2b929ef4a5bed7c181/library/core/src/option.rs",
                "library/core/src/option.rs",
            ),
            (r"C:\work\shop\src\main.rs", r"shop\src\main.rs"),
            ("/build.rs", "build.rs"),
        ] {
            assert_eq!(path(file), expected, "{file}");
        }
    }

    #[test]
    fn versions_are_those_of_the_folder_of_a_registry() {
        let registry = "/home/ci/.cargo/registry/src/index.crates.io-1949cf8c6b5b557f";
        let file = format!("{registry}/sqlx-core-0.8.6/src/logger.rs").leak();
        assert_eq!(version_of("sqlx_core", file), Some("0.8.6"));
        assert_eq!(version_of("sqlx", file), None);
        assert_eq!(version_of("shop", "shop/src/main.rs"), None);
        assert_eq!(version_of("shop", "/builds/shop-api/src/main.rs"), None);
    }

    #[test]
    fn crates_are_the_first_word_of_a_target() {
        assert_eq!(crate_of("shop::orders"), "shop");
        assert_eq!(crate_of("shop"), "shop");
        assert_eq!(crate_of(""), "");
    }
}

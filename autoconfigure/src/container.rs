//! `container.id`: the container that this process runs in, as the kernel sees it.

use std::fs;

/// The id of the container, from cgroup version 1 or 2. `None` outside of a container, or if its
/// runtime does not show it to the process.
pub(crate) fn container_id() -> Option<String> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let id = in_cgroups(&read("/proc/self/cgroup"));
    id.or_else(|| in_mounts(&read("/proc/self/mountinfo")))
}

/// Version 1: `12:cpu:/kubepods/besteffort/pod…/cri-containerd-<id>.scope`, the id in the last part
/// of the path.
fn in_cgroups(cgroups: &str) -> Option<String> {
    let paths = cgroups
        .lines()
        .filter_map(|line| line.splitn(3, ':').nth(2));
    let mut names = paths.filter_map(|path| path.rsplit('/').next());
    names.find_map(|name| {
        let name = name.strip_suffix(".scope").unwrap_or(name);
        let id = name.rsplit(['-', ':']).next()?;
        id_of_container(id)
    })
}

/// Version 2 shows no path to the process. But the files that the runtime mounts, such as
/// `/etc/hostname`, are below the container's folder: `…/containers/<id>/hostname`.
fn in_mounts(mounts: &str) -> Option<String> {
    let paths = mounts.lines().filter_map(|line| line.split(' ').nth(3));
    let mut paths = paths.filter(|path| path.ends_with("/hostname"));
    paths.find_map(|path| path.split('/').find_map(id_of_container))
}

/// 64 hexadecimal digits.
fn id_of_container(text: &str) -> Option<String> {
    let is_id = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "3c1c1eb4a1d9cd2b31d6c8ab2b4d6b1a9c8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f";

    #[test]
    fn id_is_found_whatever_the_runtime_calls_it() {
        for (cgroups, is_container) in [
            (format!("12:cpu:/docker/{ID}\n"), true),
            (
                format!("1:name=systemd:/system.slice/docker-{ID}.scope\n"),
                true,
            ),
            (
                format!("11:memory:/kubepods/besteffort/pod4f1c/{ID}\n1:name=systemd:/\n"),
                true,
            ),
            (
                format!("3:pids:/kubepods.slice/kubepods-pod4f.slice/cri-containerd-{ID}.scope"),
                true,
            ),
            (
                format!("3:pids:/kubepods-pod4f.slice:cri-containerd:{ID}"),
                true,
            ),
            (format!("3:pids:/libpod_parent/libpod-{ID}"), true),
            ("0::/\n".to_owned(), false),
            (
                "0::/user.slice/user-1000.slice/session-2.scope\n".to_owned(),
                false,
            ),
            (String::new(), false),
            ("12:cpu:/docker/3c1c1e\n".to_owned(), false),
        ] {
            let expected = is_container.then(|| ID.to_owned());
            assert_eq!(in_cgroups(&cgroups), expected, "{cgroups}");
        }
    }

    #[test]
    fn id_is_found_in_the_mounts_of_version_2() {
        for (mounts, is_container) in [
            (
                format!("1 2 0:3 /var/lib/docker/containers/{ID}/hostname /etc/hostname rw - ext4"),
                true,
            ),
            (
                format!(
                    "1 2 0:3 /containers/overlay-containers/{ID}/userdata/hostname /etc/hostname rw"
                ),
                true,
            ),
            ("1 2 0:3 / / rw - ext4 /dev/sda1 rw".to_owned(), false),
            (
                format!("1 2 0:3 /var/lib/docker/overlay2/{ID}/diff / rw"),
                false,
            ),
            (String::new(), false),
        ] {
            let expected = is_container.then(|| ID.to_owned());
            assert_eq!(in_mounts(&mounts), expected, "{mounts}");
        }
    }
}

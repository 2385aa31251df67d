//! How much memory this process takes, and how much it may: what Linux says. Elsewhere nobody knows.

use std::fs;
use std::path::Path;

/// Bytes of memory that this process takes now.
pub fn memory_in_use() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// Bytes of memory that there are for this process: the machine's, or its container's if those are fewer.
pub fn memory_limit() -> Option<u64> {
    let machine = kibibytes(&fs::read_to_string("/proc/meminfo").ok()?, "MemTotal:");
    machine.into_iter().chain(container()).min()
}

/// The least that any control group around this process allows (cgroups v2, or the memory controller of v1).
fn container() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let limits = groups.lines().filter_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        match controllers {
            "" => least_above(Path::new("/sys/fs/cgroup"), path, "memory.max"),
            _ if controllers.split(',').any(|controller| controller == "memory") => {
                least_above(Path::new("/sys/fs/cgroup/memory"), path, "memory.limit_in_bytes")
            }
            _ => None,
        }
    });
    limits.min()
}

fn least_above(root: &Path, path: &str, file: &str) -> Option<u64> {
    let group = root.join(path.trim_start_matches('/'));
    let above = group.ancestors().take_while(|group| group.starts_with(root));
    // A group without a limit says "max", or a number that no machine has.
    let limits = above.filter_map(|group| fs::read_to_string(group.join(file)).ok()?.trim().parse().ok());
    limits.min()
}

fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_with_its_unit() {
        let text = "VmHWM:\t    20 kB\nVmRSS:\t  123456 kB\n";
        assert_eq!(kibibytes(text, "VmRSS:"), Some(123_456 * 1024));
        assert_eq!(kibibytes(text, "VmSwap:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_takes_something_and_less_than_there_is() {
        let (used, limit) = (memory_in_use().unwrap(), memory_limit().unwrap());
        assert!(used > 100_000 && used < limit, "{used} of {limit}");
    }
}

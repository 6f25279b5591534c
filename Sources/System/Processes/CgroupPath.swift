internal import Listeners

/// The unit and the container of a process, from its cgroup.
struct CgroupPath {
    /// The systemd unit; `nil` if there is none.
    private(set) var unit: String?
    /// The unit of a user's own systemd below that unit; `nil` if there is none.
    private(set) var userUnit: String?
    /// The container, without its name except for LXC; `nil` if there is none.
    private(set) var container: Container?

    /// Parses `/proc/PID/cgroup`: the entry of cgroup2, or of systemd's own hierarchy on a host with cgroup1.
    init(_ text: String) {
        // Arrays are faster: there are thousands of processes, and a dozen lines for each on a host with cgroup1.
        for line in Array(text.utf8).split(separator: UInt8(ascii: "\n")) {
            // Fields: hierarchy, controllers, path.
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let rest = line[colon...].dropFirst()
            guard line[..<colon].elementsEqual("0".utf8) || rest.starts(with: "name=systemd:".utf8),
                let path = rest.firstIndex(of: UInt8(ascii: ":"))
            else { continue }
            let components = rest[path...].dropFirst().split(separator: UInt8(ascii: "/")).map {
                String(decoding: $0, as: UTF8.self)
            }
            if unit == nil {
                unit = Self.unit(components)
                userUnit = Self.userUnit(components)
            }
            container = container ?? Self.container(components)
        }
    }

    /// The first component below the slices, as in `sd_pid_get_unit(3)`.
    ///
    /// The components after it are controlled by the process that the unit delegates to: the systemd of a user or of a
    /// container can create a unit named `ssh.service`.
    private static func unit(_ components: [String]) -> String? {
        guard let first = components.first(where: { !$0.hasSuffix(slice) }) else { return nil }
        return suffixes.contains(where: first.hasSuffix) ? first : nil
    }

    /// The unit below that of a user's systemd, as in `sd_pid_get_user_unit(3)`.
    private static func userUnit(_ components: [String]) -> String? {
        let rest = components.drop { $0.hasSuffix(slice) }
        guard let manager = rest.first, manager.hasPrefix("user@"), manager.hasSuffix(".service") else { return nil }
        return unit(Array(rest.dropFirst()))
    }

    private static let slice = ".slice"
    private static let suffixes = [".service", ".scope", ".socket", ".mount", ".swap"]

    /// The engines by the words before the id in the names of their cgroups, or by the cgroup above.
    private static let engines: [String: String] = [
        "docker": "docker", "libpod": "podman", "libpod-payload": "podman", "libpod_parent": "podman", "crio": "cri-o",
        "cri-containerd": "containerd", "nerdctl": "containerd",
    ]

    private static func container(_ components: [String]) -> Container? {
        let found = components.indices.lazy.compactMap { index in
            container(components[index], below: index > 0 ? components[index - 1] : "")
        }
        return found.first
    }

    private static func container(_ component: String, below parent: String) -> Container? {
        let (lxc, scope) = ("lxc.payload.", ".scope")
        if component.hasPrefix(lxc) {
            let name = String(component.dropFirst(lxc.count))
            return Container(id: name, name: name, engine: "lxc")
        }
        let bare = component.hasSuffix(scope) ? String(component.dropLast(scope.count)) : component
        let parts = bare.split(separator: "-")
        // conmon runs outside the container that it monitors.
        guard let id = parts.last, Container.isID(id), !parts.contains("conmon") else { return nil }
        let words = parts.dropLast().joined(separator: "-")
        return Container(id: String(id), engine: engines[words.isEmpty ? parent : words])
    }
}

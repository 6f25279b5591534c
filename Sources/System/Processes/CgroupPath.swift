/// What a process's cgroup says of its unit and its container.
struct CgroupPath {
    /// The systemd unit; `nil` if it has none.
    private(set) var unit: String?
    /// The first twelve digits of the container's id, or its name with LXC; `nil` if it has none.
    private(set) var container: String?

    /// The length of the ids of Docker, podman, containerd and CRI-O, and of what they print.
    private static let (idLength, shortLength) = (64, 12)

    /// Reads `/proc/PID/cgroup`: cgroup2, or systemd's own hierarchy on a host with cgroup1.
    init(_ text: String) {
        // As an array: there are thousands of processes, and a dozen lines for each on a host with cgroup1.
        for line in Array(text.utf8).split(separator: UInt8(ascii: "\n")) {
            // Which hierarchy, its controllers, the path.
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
            let rest = line[colon...].dropFirst()
            guard line[..<colon].elementsEqual("0".utf8) || rest.starts(with: "name=systemd:".utf8),
                let path = rest.firstIndex(of: UInt8(ascii: ":"))
            else { continue }
            let components = rest[path...].dropFirst().split(separator: UInt8(ascii: "/")).map {
                String(decoding: $0, as: UTF8.self)
            }
            unit = unit ?? Self.unit(components)
            container = container ?? components.lazy.compactMap(Self.container).first
        }
    }

    /// The first component below the slices, as `sd_pid_get_unit(3)` takes it.
    ///
    /// What comes after it is under the control of whoever the unit delegates to: a user's or a container's own systemd
    /// can call a unit `ssh.service`.
    private static func unit(_ components: [String]) -> String? {
        guard let first = components.first(where: { !$0.hasSuffix(".slice") }) else { return nil }
        return [".service", ".scope", ".socket", ".mount", ".swap"].contains(where: first.hasSuffix) ? first : nil
    }

    private static func container(_ component: String) -> String? {
        let lxc = "lxc.payload."
        if component.hasPrefix(lxc) { return String(component.dropFirst(lxc.count)) }
        let scope = ".scope"
        let bare = component.hasSuffix(scope) ? String(component.dropLast(scope.count)) : component
        let parts = bare.split(separator: "-")
        // conmon is outside the container that it watches.
        guard let id = parts.last, id.count == idLength, id.allSatisfy(\.isHexDigit), !parts.contains("conmon")
        else { return nil }
        return String(id.prefix(shortLength))
    }
}

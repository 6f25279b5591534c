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
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, fields[1].elementsEqual("name=systemd".utf8) || fields[0].elementsEqual("0".utf8)
            else { continue }
            let components = fields[2].split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
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

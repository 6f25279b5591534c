internal import Addressing
public import Listeners

/// The sockets that systemd holds, and the units that it starts for them: systemd.socket(5).
public struct SocketActivation {
    /// One line of `systemctl list-sockets`.
    struct Line: Hashable {
        /// The address and port, as `systemctl` prints them: `[::]:22`.
        let place: String
        /// Whether it is a datagram socket.
        let isDatagram: Bool
        /// The unit that is started.
        let unit: String

        /// Parses `[::]:22 Stream ssh.socket ssh.service`; `nil` for other lines.
        init?(_ text: Substring) {
            let words = text.split(separator: " ")
            let suffix = ".socket"
            guard words.count == 4, words[2].hasSuffix(suffix) else { return nil }
            place = String(words[0])
            // With Accept=yes, an instance of the template of the same name is started for each connection.
            unit = words[3] == "-" ? "\(words[2].dropLast(suffix.count))@.service" : String(words[3])
            isDatagram = words[1] == "Datagram"
        }
    }

    /// Runs `systemctl` with these arguments, and returns its output; `nil` if that fails.
    private let systemctl: ([String]) -> String?

    /// The activation of this host.
    public init() { systemctl = ServiceManager.output(of:) }

    /// An activation with another `systemctl`, for tests.
    init(systemctl: @escaping ([String]) -> String?) { self.systemctl = systemctl }

    /// The listeners with the units that systemd starts for those that it holds.
    public func units(for listeners: [Listener]) -> [Listener] {
        guard listeners.contains(where: \.isHeldByManager) else { return listeners }
        let lines = systemctl(["list-sockets", "--show-types", "--plain", "--full", "--no-legend", "--no-pager"])
        let sockets = (lines ?? "").split(separator: "\n").compactMap(Line.init)
        var known: [String: ActivatedUnit] = [:]
        return listeners.map { listener in
            guard listener.isHeldByManager, let unit = sockets.first(where: listener.isListed)?.unit else {
                return listener
            }
            var listener = listener
            let activated = known[unit] ?? unit.activated(systemctl)
            known[unit] = activated
            listener.activated = activated
            return listener
        }
    }
}

extension Listener {
    /// Whether the first process of the host holds the socket.
    fileprivate var isHeldByManager: Bool {
        guard case .processes(let processes) = owners else { return false }
        return processes.contains { $0.pid == 1 }
    }

    /// Whether `systemctl` lists the socket in this line.
    fileprivate func isListed(in line: SocketActivation.Line) -> Bool {
        line.place == place && line.isDatagram == (transport == .udp || transport == .udplite)
    }

    /// The address and port as `systemctl` prints them.
    fileprivate var place: String {
        switch address {
        case .ipv4: "\(address):\(port)"
        case .ipv6: "[\(address)]\(interface.map { "%\($0)" } ?? ""):\(port)"
        }
    }
}

extension String {
    /// The facts of the unit of this name.
    fileprivate func activated(_ systemctl: ([String]) -> String?) -> ActivatedUnit {
        // A unit for each connection is an instance of a template; any instance has the facts of all.
        let instance = replacing("@.", with: "@0.")
        let output = systemctl(["show", "--property=ExecStart,User,DynamicUser", "--", instance]) ?? ""
        var facts: [Substring: Substring] = [:]
        for line in output.split(separator: "\n") {
            guard let equals = line.firstIndex(of: "=") else { continue }
            facts[line[..<equals]] = line[line.index(after: equals)...]
        }
        guard let start = facts["ExecStart"], let user = facts["User"] else { return ActivatedUnit(name: self) }
        let stem = String(prefix { $0 != "@" && $0 != "." })
        let name = !user.isEmpty ? String(user) : facts["DynamicUser"] == "yes" ? stem : "root"
        return ActivatedUnit(name: self, executable: Self.executable(start), user: name)
    }

    /// The executable in `{ path=/usr/sbin/sshd ; argv[]=/usr/sbin/sshd -D ; … }`.
    private static func executable(_ start: Substring) -> String? {
        guard let path = start.firstRange(of: "path="), let end = start[path.upperBound...].firstRange(of: " ;") else {
            return nil
        }
        return ExecutableLinks.program(of: String(start[path.upperBound..<end.lowerBound]))
    }
}

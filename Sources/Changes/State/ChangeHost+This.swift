internal import Kernel
internal import Listeners
internal import System

extension ChangeHost {
    /// The host of this process.
    public static var this: ChangeHost {
        let warn: (String) -> Void = { try? StandardStream.error.write("portreeve: warning: \($0)\n") }
        var host = ChangeHost(
            location: { .current }, identity: { .current }, author: { .current }, uptime: { Uptime.milliseconds },
            arm: { directory throws(KernelError) in try UndoProcess.arm(in: directory, warn) },
            announce: Announcement.make)
        host.floorDirectory = { $0 == StateLocation.lasting ? Boot.floorDirectory : nil }
        host.markLoaded = { if $0 == StateLocation.lasting, Boot.isOfHost { Boot.mark(isLoaded: $1) } }
        host.sshPorts = {
            SSHServers.ports(of: (try? SocketTable.listeners()) ?? []) { listeners in
                SocketActivation().units(for: SocketOwners().owners(of: listeners))
            }
        }
        host.warn = warn
        return host
    }
}

/// The files beside the state directory from which portreeve.service loads.
private enum Boot {
    static let floorDirectory = "/etc/portreeve"
    private static let (directory, mark) = ("/run/portreeve", "loaded")

    /// Whether the ruleset is the host's; that of a unit is, which may not read the namespaces of the first process.
    static var isOfHost: Bool { RulesetIdentity.isHost || ServiceManager.hasStartedThis }

    /// Makes or removes the file on which portreeve-restore.service depends; without it a flushed table stays away.
    static func mark(isLoaded: Bool) {
        guard let files = try? StateFiles(directory: directory) else { return }
        if isLoaded { try? files.write(mark, StateDocument(kind: mark), .none) } else { try? files.remove(mark) }
    }
}

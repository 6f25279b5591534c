internal import Glibc
internal import Kernel

extension ChangeHost {
    /// The host that the process runs on.
    static var this: ChangeHost {
        ChangeHost(
            directory: Self.directory, identity: { .current }, author: { .current }, uptime: { Uptime.milliseconds },
            arm: { directory throws(StoreError) in
                do throws(KernelError) { _ = try UndoProcess.start(in: directory) } catch { throw StoreError(error) }
            },
            announce: Announcement.make)
    }

    /// The host's own state outlives a boot, and so does that of a namespace that has a name by which it is made again; a
    /// nameless one does not, nor does its state.
    private static func directory(_ netns: String?) -> String {
        let lasting = "/var/lib/portreeve"
        if RulesetIdentity.isHost { return lasting }
        // In a user namespace of one's own others' directories cannot be written.
        if let netns, !netns.contains("/"), isWritable("/var/lib") { return "\(lasting)/netns/\(netns)" }
        let base = isWritable("/run") ? "/run/portreeve" : "/tmp/portreeve-\(geteuid())"
        return "\(base)/netns-\(RulesetIdentity.current.namespace)"
    }

    private static func isWritable(_ path: String) -> Bool { unsafe access(path, W_OK) == 0 }
}

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

    /// The host's own state outlives a boot, and so does that of a named namespace; a nameless one does not, nor does its state.
    private static func directory(_ netns: String?) -> String {
        if RulesetIdentity.isHost { return "/var/lib/portreeve" }
        if let netns, !netns.contains("/") { return "/var/lib/portreeve/netns/\(netns)" }
        let base = unsafe access("/run", W_OK) == 0 ? "/run/portreeve" : "/tmp/portreeve-\(geteuid())"
        return "\(base)/netns-\(RulesetIdentity.current.namespace)"
    }
}

internal import Policies

/// What to do so that `refusals` can read the refused packets.
struct LogAdvice {
    private let path: String
    /// Whether the kernel's log has the packets of this network namespace.
    private let isKernelLogReadable: Bool

    init(_ path: String, isKernelLogReadable: Bool) {
        self.path = path
        self.isKernelLogReadable = isKernelLogReadable
    }

    /// Whether the log of a policy, if it has one, can be read here.
    func isReadable(_ policy: Policy) -> Bool {
        policy.defaults.log == nil || isKernelLogReadable || policy.defaults.logDestination.group != nil
    }

    /// The commands for a policy that is not loaded.
    func toLoad(_ policy: Policy) -> String {
        guard isReadable(policy), policy.defaults.log != nil || isKernelLogReadable else { return inNamespace(policy) }
        return "run \"portreeve apply\""
    }

    /// Why the policy that was applied logs nothing that can be read here, and the commands.
    ///
    /// `edited` is the policy in the file, if that was edited since.
    func toLog(_ policy: Policy, edited: Policy?) -> String {
        guard policy.defaults.log == nil else {
            return "refused packets go to the kernel's log, and cannot be read there: \(inNamespace(edited ?? policy))"
        }
        let advice =
            isKernelLogReadable
            ? "write \"log: 5/minute\" under \"defaults\" in \(path), and run \"portreeve apply\""
            : inNamespace(edited ?? policy)
        return "refused packets are not logged: \(advice)"
    }

    /// The line to write, or to replace, in the policy of a network namespace.
    private func inNamespace(_ policy: Policy) -> String {
        let deed = policy.defaults.log.map { "replace \"log: \($0)\" by" } ?? "write"
        let line = "log: {rate: \(policy.defaults.log.map { "\($0)" } ?? "5/minute"), to: netlink, group: 5}"
        return "\(deed) \"\(line)\" under \"defaults\" in \(path), run \"portreeve apply\", "
            + "then \"portreeve refusals --watch\": the kernel's log has only packets of the host, "
            + "not of a network namespace, and a netlink group does not store them"
    }
}

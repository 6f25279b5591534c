internal import Auditing
internal import Changes
internal import Kernel
internal import Policies
internal import Printing
internal import System

extension PolicyOptions {
    /// The policy that the host is held against: the one that was applied, if the state knows it.
    ///
    /// The network namespace must have been entered.
    func loadVerified(
        on host: Host, _ kernel: KernelOptions, in store: any RulesetStore, _ console: Console
    ) throws(CommandError) -> VerifiedPolicy {
        let reading = read(on: host, lists: kernel.lastLists(on: host), keepsLastLists: true)
        guard let verified = verified(reading, on: host, kernel, in: store) else {
            throw failure(reading, on: host, console)
        }
        return verified
    }

    /// Warns where the file is for another host: the commands that only read compare it nevertheless.
    func noteOtherHost(_ verified: VerifiedPolicy, on host: Host, _ console: Console) {
        guard let hosts = verified.declared?.hosts, !hosts.isEmpty, let names = host.names(),
            !hosts.contains(where: { names.contains(where: $0.matches) })
        else { return }
        let owners = hosts.map { "\"\($0.text)\"" }.joined(separator: " or ")
        let own = names.first.map { ", and this host is \"\($0)\"" } ?? ""
        console.note("portreeve: warning: the policy \(policy.printable) is for \(owners)\(own): apply refuses it here")
    }

    /// The policy for a change of what is in force: that of the file, or the one that was applied, with a warning, where the file
    /// cannot be used.
    ///
    /// The network namespace must have been entered.
    func loadForChange(
        on host: Host, _ kernel: KernelOptions, in store: any RulesetStore, _ console: Console
    ) throws(CommandError) -> Policy {
        let reading = read(on: host, lists: kernel.lastLists(on: host), keepsLastLists: true)
        if let policy = reading.policy {
            for refusal in reading.refusedLists { console.note(refusal.warning) }
            return policy
        }
        // A plan or a directory is no policy that was broken by an edit.
        guard mistake == nil, let verified = verified(reading, on: host, kernel, in: store), let fault = verified.edit
        else { throw failure(reading, on: host, console, changing: true) }
        console.note("portreeve: warning: \(fault.printable): the policy as it was applied decides")
        return verified.policy
    }

    /// The policy that the host is held against, for a file that was read; `nil` if there is neither a valid file nor an applied policy.
    func verified(
        _ reading: PolicyReading, on host: Host, _ kernel: KernelOptions, in store: any RulesetStore
    ) -> VerifiedPolicy? {
        let (record, fault) = kernel.applied(on: host, in: store)
        // A path that was mistyped is no policy that is gone.
        if reading.fault == .absent, policy != Self.standardPath, record?.isOf(policy) != true { return nil }
        var verified = VerifiedPolicy(policy, reading, record: record, options: readingOptions(on: host))
        if verified?.difference != nil, let policy = reading.policy,
            let undone = try? kernel.existingState(on: host)?.undone(holding: policy)
        {
            verified?.attribute(to: undone)
        }
        if let fault { verified?.findings.append(fault) }
        return verified
    }
}

extension KernelOptions {
    /// The change that is in force, or a finding if the state cannot be used.
    ///
    /// For a user who may not read the state that is a notice: the comparison with the file needs no state.
    fileprivate func applied(on host: Host, in store: any RulesetStore) -> (record: AppliedRecord?, fault: Finding?) {
        do { return (try existingState(on: host)?.applied(in: store), nil) } catch let error as KernelError
            where error.isDenied
        {
            return (nil, Self.unread(error, .notice))
        } catch { return (nil, Self.unread(error, .warning)) }
    }

    private static func unread(_ error: any Error, _ severity: Finding.Severity) -> Finding {
        let message = "cannot tell what was applied: \(error): the host was verified against the file"
        return Finding(.unknown, severity, message, aspect: "state")
    }
}

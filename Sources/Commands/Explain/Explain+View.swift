internal import Auditing
internal import Changes
internal import Compiler
internal import Kernel
internal import Listeners
internal import Policies
internal import Rulesets
internal import System

/// What the answer is about.
extension Explain {
    /// The live tables, the policy that was applied, and the sockets.
    struct View {
        let ruleset: WholeRuleset
        let verified: VerifiedPolicy
        let sockets: HostSockets?
        let now: Int64

        /// The answer of the live tables, with the policy that was applied.
        func answer(to question: Explanation.Question) -> Explanation {
            Explanation(
                question, policy: verified.policy, tables: ruleset.tables, isLive: true, listeners: sockets?.listeners,
                containers: sockets?.containers ?? { ContainerList() }, now: now)
        }

        /// The answer once a policy is applied.
        func answer(to question: Explanation.Question, applying policy: Policy) -> Explanation {
            Explanation(
                question, policy: policy, tables: [compile(policy).table] + ruleset.neighbours, isLive: false,
                listeners: sockets?.listeners, containers: sockets?.containers ?? { ContainerList() }, now: now)
        }
    }

    /// Reads the host; `nil` if only the policy is evaluated, or if the tables may not be read.
    func look(on host: Host, _ console: Console) throws -> View? {
        guard !asksPolicy else { return nil }
        let store: any RulesetStore
        let ruleset: WholeRuleset
        do throws(KernelError) {
            store = try host.openStore(kernel.netns)
            ruleset = try WholeRuleset(store)
        } catch {
            guard !asksKernel && kernel.netns == nil else { throw error }
            console.note(
                "portreeve: warning: the live rules were not read, so this answer is from the policy file: \(error)"
            )
            return nil
        }
        let verified = try namedPolicy.loadVerified(on: host, kernel, in: store, console)
        namedPolicy.noteOtherHost(verified, on: host, console)
        return View(ruleset: ruleset, verified: verified, sockets: try? host.readSockets(), now: host.now)
    }
}

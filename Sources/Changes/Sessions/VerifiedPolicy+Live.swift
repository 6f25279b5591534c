public import Compiler
public import Kernel
internal import Rulesets
public import System

extension VerifiedPolicy {
    /// The compiled policy with the grants and bans of the live table.
    ///
    /// - Parameters:
    ///   - grants: the grants that are in force.
    ///   - store: the ruleset.
    /// - Returns: the policy, and why grants and bans are missing in it; `nil` if they are not.
    /// - Throws: an error in reading the table, unless privileges are missing.
    public func live(
        _ grants: GrantBook, in store: any RulesetStore
    ) throws(KernelError) -> (compiled: CompiledPolicy, doubt: String?) {
        do throws(KernelError) {
            let own = try store.snapshot(of: Names.table, expecting: [compiled.table])
            return (grants.expectation(compiled, found: own.table), nil)
        } catch {
            guard error.isDenied else { throw error }
            return (compiled, "grants and bans are not known: \(error)")
        }
    }
}

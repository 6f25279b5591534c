internal import Changes
internal import Kernel

extension KernelOptions {
    /// The number of comparisons, at most: a host that changes all the time is not waited for.
    private static let mostComparisons = 4

    /// What the record of changes and the ruleset were at a moment.
    private struct Moment: Equatable {
        let changes: [ChangeLog.Entry]?
        let generation: UInt32?
    }

    /// A comparison whose differences are none of a change that another process was making meanwhile.
    ///
    /// The record is read before the ruleset. A change that falls between would be drift, which is looked at again.
    func comparison(
        in store: any RulesetStore, on host: Host, _ compare: () throws -> Verification
    ) throws -> Verification {
        for _ in 1..<Self.mostComparisons {
            let before = moment(in: store, on: host)
            let verification = try compare()
            if verification.drift.isEmpty || moment(in: store, on: host) == before { return verification }
        }
        return try compare()
    }

    /// Why the table is missing; `nil` if it is loaded, or if the user may not know.
    func absence(of verification: Verification, in store: any RulesetStore, on host: Host) -> TableAbsence? {
        guard let rulesets = verification.rulesets, rulesets.own.table == nil else { return nil }
        return try? existingState(on: host)?.absence(in: store, of: verification.verified.declared)
    }

    private func moment(in store: any RulesetStore, on host: Host) -> Moment {
        Moment(changes: try? existingState(on: host)?.log.entries(), generation: try? store.generation())
    }
}

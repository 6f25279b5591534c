internal import Reachability

extension PolicyDraft {
    /// The differences between the limits of the rules and those of the policy.
    var unlimited: [ImportDifference] {
        services.flatMap(\.limitDifferences) + (ping == .drop ? [] : echoDifferences)
    }
}

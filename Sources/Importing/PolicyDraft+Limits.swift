internal import Addressing
internal import Reachability

extension PolicyDraft {
    /// The differences between the limits of the rules and those of the policy.
    var unlimited: [ImportDifference] {
        services.flatMap(\.limitDifferences) + (ping == .drop ? [] : echoDifferences)
    }

    /// What `ping`, which is one line for every interface and both families, does otherwise than the rules.
    var pingRemarks: [String] {
        let lost = AddressFamily.allCases.compactMap { family in
            lostPings[family].map { interfaces -> String in
                let names = interfaces.map { $0 ?? "other interfaces" }.joined(separator: ", ")
                return
                    "\(family.title) pings are answered on \(names) today, and not by this policy: \"ping\" cannot name interfaces."
            }
        }
        guard ping != .drop else { return lost }
        let unsaid = echoDifferences.filter { $0.kind == .wider }.compactMap(\.limit).distinct
        let more =
            echoDifferences.contains { $0.kind == .narrower } ? ["This limit is for all pings; some had none."] : []
        return lost + unsaid.map { "Not in this policy: the limit of pings by \"\($0.withoutNewConnection)\"." } + more
    }
}

extension AddressFamily {
    /// The name for people.
    var title: String { self == .ipv4 ? "IPv4" : "IPv6" }
}

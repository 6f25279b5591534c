public import Auditing
public import Policies

extension [Finding] {
    /// The DNS names of a policy without a known address, and those that were not renewed.
    ///
    /// Without the state neither is known, and nothing is said.
    public static func staleNames(of policy: Policy, _ book: NameBook, now: Int64) -> [Finding] {
        guard !book.isHidden else { return [] }
        return policy.names.compactMap { source in
            guard let reason = source.staleness(book.entries[source.name], now: now) else { return nil }
            var finding = Finding(
                .nameStale, .warning,
                "name \"\(source.name)\" of \"\(source.groups.joined(separator: "\", \""))\" \(reason)",
                policy: source.location)
            finding.details.source = source.name
            return finding
        }
    }
}

extension NamedSource {
    /// Why the addresses may be out of date: the predicate of a sentence; `nil` if they were renewed.
    fileprivate func staleness(_ entry: NameBook.Entry?, now: Int64) -> String? {
        let cure = "check the name servers in /etc/resolv.conf, and run \"portreeve refresh\""
        let failure = entry?.failure.map { ": \($0)" } ?? ""
        if isUnknown { return "has no known address, so it lets no client in\(failure): \(cure)" }
        let last = entry?.renewed.map { "since \(UTCTime.text($0))" } ?? "since it was applied"
        if entry?.failure != nil { return "could not be renewed \(last)\(failure), but keeps its addresses: \(cure)" }
        guard let renewed = entry?.renewed, now - renewed > keep.seconds else { return nil }
        return "was not renewed \(last), longer than \"keep: \(keep.text)\": enable portreeve-refresh.timer, "
            + "or run \"portreeve refresh\""
    }
}

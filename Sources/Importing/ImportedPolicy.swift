internal import Addressing
internal import Listeners
internal import Policies
internal import Printing
internal import Reachability
internal import Rulesets

/// The text of a policy, written from a draft.
struct ImportedPolicy {
    private var draft: PolicyDraft
    let listeners: [Listener]
    private let origin: [String]
    let userName: (UInt32) -> String?
    var terms: SourceTerms
    /// The first line with each comment.
    var commented: [String: String] = [:]
    private var sections: [String] = []
    private var pingLine: String?
    /// Whether lines name all addresses of one family.
    let tellsFamiliesApart: Bool

    /// More rules than these are counted, not listed.
    static let listedRules = 3
    /// More ports, or ranges of them, than these are counted.
    private static let listedPorts = 20

    /// Writes a draft.
    ///
    /// - Parameters:
    ///   - draft: the draft.
    ///   - origin: the tables that it comes from.
    ///   - names: the names of ports.
    ///   - listeners: the listening sockets, which tell the processes of services.
    ///   - userName: the name of a user of this host, by its number.
    init(
        _ draft: PolicyDraft, of origin: [String], _ names: PortNames, listeners: [Listener],
        userName: @escaping (UInt32) -> String?
    ) {
        self.userName = userName
        self.draft = draft
        self.origin = origin
        tellsFamiliesApart = draft.tellsFamiliesApart
        self.listeners = listeners.filter { !$0.isLoopbackOnly }
        terms = SourceTerms(draft.groups, isIPv4Only: draft.isIPv4Only)
        self.draft.name(names, self.listeners, userName: userName)
        write()
        terms = SourceTerms(draft.groups, isIPv4Only: draft.isIPv4Only, after: terms.uses)
        write()
    }

    private mutating func write() {
        pingLine = ping
        commented = [:]
        sections = [deny, trusted, services, outbound, forwards, masquerades].map { $0(&self) }.filter { !$0.isEmpty }
            .map { $0.joined(separator: "\n") }
    }

    private typealias Section = (inout ImportedPolicy) -> [String]

    /// The file.
    var text: String {
        ([head, defaults, sources].filter { !$0.isEmpty }.map { $0.joined(separator: "\n") } + sections)
            .joined(separator: "\n\n") + "\n"
    }

    private var head: [String] {
        let remarks = draft.surroundings + draft.remarks + (pingLine == nil ? draft.pingRemarks : [])
        let lines = ["Written by portreeve import from the rules of \(origin.joined(separator: ", "))."] + remarks
        let lists =
            Self.list(draft.doubts, doubtsHeading)
            + Self.list(draft.kept, "These rules stay, since this policy cannot express them:")
            + Self.list(
                draft.gone, "These rules go with their firewall, and this policy has nothing in their place:")
        return (lines + lists).map { "# \($0.printable)" } + ["version: 1"]
    }

    /// The heading of the rules that are not understood.
    private var doubtsHeading: String {
        guard !draft.undecided.isEmpty else { return "Not understood, and so perhaps missing here:" }
        let ports = draft.undecided.listed(atMost: Self.listedPorts)
        return "Perhaps open now to more clients than by this policy: \(ports). Not understood:"
    }

    /// A heading and texts below it; nothing without texts.
    private static func list(_ texts: [String], _ heading: String) -> [String] {
        texts.isEmpty ? [] : [heading] + texts.map { "  \($0)" }
    }

    private var defaults: [String] {
        var keys: [String] = []
        if draft.rejects { keys.append("  inbound: reject") }
        if draft.refusesOutbound { keys.append("  outbound: reject") }
        if let log = draft.log { keys.append("  log: \(log)") }
        if let pingLine { keys += pingComments.map { "  # \($0.printable)" } + ["  ping: \(pingLine)\(pingHint)"] }
        if draft.isIPv4Only { keys.append("  families: [ipv4]") }
        return keys.isEmpty ? [] : ["defaults:"] + keys
    }

    /// The rule that limits echo requests, and what the policy does otherwise.
    private var pingComments: [String] {
        let limit = draft.pingLimit.flatMap { $0.text == nil ? nil : "limited by \($0.rule.withoutNewConnection)" }
        return (limit.map { [$0] } ?? []) + draft.pingRemarks
    }

    /// The value of `ping`, which knows no `except`; `nil` for the default.
    private var ping: String? {
        mutating get {
            switch draft.ping {
            case .accept: return nil
            case .drop: return "drop"
            case .from(let sources, let rate):
                if sources.isAny, let rate { return rate }
                // `ping` holds for both families, whatever `families` says.
                let from = YAMLText.list(terms.list(sources, naming: "ping-clients"))
                return "{from: \(from)\(rate.map { ", rate: \($0)" } ?? "")}"
            }
        }
    }

    /// The families whose echo requests are all refused, or else one from which everyone gets an answer beside a list of the other one.
    private var pingHint: String {
        guard case .from(let sources, _) = draft.ping else { return "" }
        let refused = AddressFamily.allCases.filter { sources.part($0).isEmpty }.map(\.title)
        if !refused.isEmpty { return "   # \(refused.joined(separator: ", ")): refused" }
        let whole = sources.isAny ? [] : sources.wholeFamilies.map(\.title)
        return whole.isEmpty ? "" : "   # \(whole.joined(separator: ", ")): everyone"
    }

    private var sources: [String] {
        terms.groups.isEmpty ? [] : ["sources:"] + terms.groups.flatMap(lines)
    }

    /// The lines of a group: one, or one for each address where elements of the set have comments.
    private func lines(_ name: String, _ addresses: AddressSet) -> [String] {
        let live = draft.groups.first { $0.addresses == addresses }
        let comment = live?.comment?.reason.map { ["  # \($0)"] } ?? []
        let notes = (live?.elementComments ?? [:]).sorted { $0.key.lowest < $1.key.lowest }
        guard !notes.isEmpty else {
            return comment + ["  \(name): [\(addresses.terms.map(YAMLText.scalar).joined(separator: ", "))]"]
        }
        let noted = AddressSet(
            ipv4: notes.flatMap(\.key.ipv4.ranges), ipv6: notes.flatMap(\.key.ipv6.ranges))
        let rest = addresses.subtracting(noted)
        return comment + ["  \(name):"]
            + notes.flatMap { part, note in
                part.terms.map { "    - \(YAMLText.scalar($0))" + (note.reason.map { "   # \($0)" } ?? "") }
            } + rest.terms.map { "    - \(YAMLText.scalar($0))" }
    }

    private var deny: Section {
        { policy in
            guard !policy.draft.denied.isEmpty else { return [] }
            let list = policy.terms.list(policy.draft.denied, naming: "denied")
            return [
                "# Dropped silently, also on open connections and on those that this host begins.",
                "deny: [\(list.map(YAMLText.scalar).joined(separator: ", "))]",
            ]
        }
    }

    private var trusted: Section {
        { policy in
            let entries = policy.draft.trusted
            guard !entries.isEmpty else { return [] }
            return ["trusted:"]
                + entries.flatMap { entry in
                    let rule = Self.comments(entry.rules.isEmpty ? [entry.openness] : entry.rules)
                    let conditions = policy.conditions(entry.access, naming: entry.name, isTrusted: true).map {
                        "    \($0.line)"
                    }
                    let why = "    why: \(YAMLText.scalar(entry.comment?.reason ?? Service.unfilledReason))"
                    return rule + ["  \(entry.name):"] + conditions + [why]
                }
        }
    }

    private var services: Section {
        { policy in
            let services = policy.draft.services.filter { $0.targets == nil }
            let lines = services.flatMap { policy.lines($0) }
            return ["services:" + (lines.isEmpty ? " {}" : "")] + lines
        }
    }

    private var outbound: Section {
        { policy in
            let lines = policy.draft.outbound.flatMap { policy.lines($0) }
            return lines.isEmpty ? [] : ["outbound:"] + lines
        }
    }

    private var forwards: Section {
        { policy in
            let lines = policy.draft.services.filter { $0.targets != nil }.flatMap { policy.lines($0) }
            return lines.isEmpty ? [] : ["forward:"] + lines
        }
    }

    private var masquerades: Section {
        { policy in
            let lines = policy.draft.masquerades.flatMap { entry in
                Self.comments(entry.rules) + ["  \(entry.name):"]
                    + policy.conditions(entry.access, naming: entry.name + "-sources").map { "    \($0.line)" }
                    + ["    why: \(YAMLText.scalar(entry.comment?.reason ?? Service.unfilledReason))"]
            }
            return lines.isEmpty ? [] : ["masquerade:"] + lines
        }
    }
}

extension String {
    /// The text of a comment as a reason: one line without controls; `nil` for none.
    var reason: String? {
        let text = split(whereSeparator: \.isWhitespace).joined(separator: " ").printable
        return text.isEmpty ? nil : text
    }
}

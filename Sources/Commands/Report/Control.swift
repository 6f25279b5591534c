internal import Addressing
internal import Auditing
internal import Policies
internal import Printing

/// A requirement of a standard, and whether this host meets it so far as a port policy can.
struct Control {
    /// How far a requirement is met; the raw value is the word in every output.
    enum Verdict: String {
        case holds
        case holdsInPart = "holds-in-part"
        case fails = "does-not-hold"
        case notExamined = "not-examined"
    }

    /// What the requirements are about.
    struct Facts {
        let isLoaded: Bool
        let policy: Policy
        let findings: [Finding]
        /// Whether systemd loads the saved ruleset at boot; `nil` if that is not known.
        let isLoadedAtBoot: Bool?
        let now: Int64
    }

    let standard: String
    let number: String
    /// The requirement in a few words.
    let title: String
    let verdict: Verdict
    /// What the verdict rests on.
    let evidence: String

    /// The control for programs.
    var json: JSON {
        [
            "standard": .string(standard), "control": .string(number), "title": .string(title),
            "verdict": .string(verdict.rawValue), "evidence": .string(evidence),
        ]
    }
}

extension Control {
    private static let pci = "PCI DSS 4.0.1"
    private static let cis = "CIS Ubuntu 24.04"
    private static let nist = "NIST SP 800-171"
    /// PCI DSS 1.2.7: at least once every six months, in seconds.
    private static let reviewSpan: Int64 = 184 * 86400

    /// Every control that is about a port policy: PCI DSS 4.0.1, 1.2 and 1.3; CIS Ubuntu Linux 24.04, 4.3; NIST SP 800-171, 3.13.6.
    static func all(_ facts: Facts) -> [Control] {
        [documented(facts), reviewed(facts), consistent(facts)] + [
            inbound(facts, pci, "1.3.1", "Inbound traffic is restricted to what is necessary, and all other is denied"),
            outbound(facts),
        ] + ruleset(facts) + [denied(facts, nist, "3.13.6", "Deny by default, allow by exception")]
    }

    /// What leaves without a line of `outbound`.
    private static func outbound(_ facts: Facts) -> Control {
        let lines = counted(facts.policy.outbound.count, "line")
        let (verdict, evidence): (Verdict, String) =
            switch facts.policy.defaults.outbound {
            case .accept: (.fails, "the policy does not limit outgoing connections")
            case .audit: (.fails, "outgoing connections are counted, and none is refused: \(lines) of \"outbound\"")
            case .reject: (.holds, "\(lines) of \"outbound\", and all other connections of this host are refused")
            }
        return Control(
            standard: pci, number: "1.3.2", title: "Outbound traffic is restricted to what is necessary",
            verdict: verdict, evidence: evidence)
    }

    private static func documented(_ facts: Facts) -> Control {
        let (services, findings) = (facts.policy.services, facts.findings)
        let silent = services.filter { service in
            service.entries.contains { ($0.why ?? service.why) == nil || ($0.owner ?? service.owner) == nil }
        }
        let open = findings.filter {
            [.undeclaredListener, .undeclaredPublishedPort].contains($0.identifier) && $0.severity == .error
        }
        var gaps: [String] = []
        if !silent.isEmpty {
            gaps.append("\(counted(silent.count, "service")) without a reason or an owner: \(silent.names)")
        }
        if !open.isEmpty { gaps.append("\(counted(open.count, "open port")) that no service lists") }
        return Control(
            standard: pci, number: "1.2.5",
            title: "Services, protocols and ports are identified, approved, and have a defined business need",
            verdict: gaps.isEmpty ? .holds : .fails,
            evidence: gaps.isEmpty
                ? "each of the \(counted(services.count, "service")) has a reason and an owner, and no other port is open"
                : gaps.joined(separator: "; "))
    }

    private static func reviewed(_ facts: Facts) -> Control {
        let late = facts.policy.services.filter { service in
            service.reviewed.map { $0.time + reviewSpan <= facts.now } ?? true
        }
        return Control(
            standard: pci, number: "1.2.7", title: "Configurations are reviewed at least once every six months",
            verdict: late.isEmpty ? .holds : .fails,
            evidence: late.isEmpty
                ? "every service was reviewed in the last six months"
                : "not reviewed in the last six months: \(late.names)")
    }

    private static func consistent(_ facts: Facts) -> Control {
        let differing = facts.findings.filter {
            [.rulesetDrift, .notApplied].contains($0.identifier) && $0.severity != .notice
        }
        let holds = facts.isLoaded && differing.isEmpty
        return Control(
            standard: pci, number: "1.2.8",
            title: "Configuration files are secured, and consistent with the active configuration",
            verdict: holds ? .holds : .fails,
            evidence: holds
                ? "the live table is what was applied; portreeve refuses policies that another user can write"
                : facts.isLoaded ? "the live table, the file and what was applied differ" : "the table is not loaded")
    }

    /// What decides about packets that no line allows.
    private static func inbound(_ facts: Facts, _ standard: String, _ number: String, _ title: String) -> Control {
        let doubts = facts.findings.filter { $0.identifier == .unknown }.count
        let verdict: Verdict = !facts.isLoaded ? .fails : doubts > 0 ? .holdsInPart : .holds
        let evidence =
            facts.isLoaded
            ? "\(facts.policy.defaults.inbound.rawValue) for every new connection that no line allows"
                + (doubts > 0 ? "; \(counted(doubts, "thing")) could not be read or understood" : "")
            : "the table is not loaded"
        return Control(standard: standard, number: number, title: title, verdict: verdict, evidence: evidence)
    }

    private static func denied(_ facts: Facts, _ standard: String, _ number: String, _ title: String) -> Control {
        Control(
            standard: standard, number: number, title: title, verdict: facts.isLoaded ? .holdsInPart : .fails,
            evidence: facts.isLoaded
                ? "inbound: \(facts.policy.defaults.inbound.rawValue); forwarded and outgoing connections are not denied by default"
                : "the table is not loaded")
    }

    private static func ruleset(_ facts: Facts) -> [Control] {
        func control(_ number: String, _ title: String, _ verdict: Verdict, _ evidence: String) -> Control {
            guard facts.isLoaded else {
                return Control(
                    standard: cis, number: number, title: title, verdict: .fails, evidence: "the table is not loaded")
            }
            return Control(standard: cis, number: number, title: title, verdict: verdict, evidence: evidence)
        }
        let boot = facts.isLoadedAtBoot
        let limits = facts.policy.defaults.outbound != .accept
        let bootEvidence =
            boot.map { $0 ? "portreeve.service is enabled" : "portreeve.service is not enabled" }
            ?? "this network namespace is not the host's, or the host has no systemd"
        let bootVerdict: Verdict = boot.map { $0 ? .holds : .fails } ?? .notExamined
        return [
            control("4.3.4", "A table of nftables exists", .holds, "table inet portreeve"),
            control(
                "4.3.5", "Base chains exist", limits ? .holds : .holdsInPart,
                limits
                    ? "input, forward and output have base chains"
                    : "input and forward have base chains; output has none, since outgoing connections are not limited"),
            control(
                "4.3.6", "Loopback traffic is configured", .holdsInPart,
                "what comes in on loopback is accepted; the kernel drops loopback addresses that come in elsewhere, unless route_localnet is set, which was not examined"
            ),
            control(
                "4.3.7", "Outbound and established connections are configured", .holds,
                "established and related packets are accepted; outgoing connections "
                    + (limits ? "have lines in the policy" : "are not limited")),
            denied(facts, cis, "4.3.8", "Default deny"),
            control("4.3.9", "The service is enabled", bootVerdict, bootEvidence),
            control(
                "4.3.10", "The rules are permanent", bootVerdict, "\(bootEvidence); it loads the last confirmed table"),
        ]
    }
}

extension [Service] {
    /// At most this many names are listed.
    private static var shownNames: Int { 5 }

    fileprivate var names: String { map(\.name).listed(atMost: Self.shownNames) }
}

internal import Addressing
internal import Auditing
internal import Listeners
internal import Policies
internal import Printing

/// Findings that one line explains and one way mends, or a single finding.
struct FindingGroup {
    /// The findings; at least one.
    let findings: [Finding]

    /// Fewer than this are told one by one.
    private static let fewest = 3
    /// At most this many services or processes, and ports of each, are named on a terminal; a pipe gets all.
    private static let most = 20

    /// All findings, errors first; a group stands where its first finding is.
    static func all(_ findings: [Finding]) -> [FindingGroup] {
        Finding.Severity.allCases.flatMap { severity in
            grouped(findings.filter { $0.severity == severity })
        }
    }

    private static func grouped(_ findings: [Finding]) -> [FindingGroup] {
        let keys = findings.map(\.groupKey)
        let members = Dictionary(grouping: findings.indices) { keys[$0] }
            .filter { $1.count >= fewest && $0?.explanation(now: 0) != nil }
        var told: Set<Finding.GroupKey?> = []
        return findings.indices.compactMap { index in
            guard let group = members[keys[index]] else { return FindingGroup(findings: [findings[index]]) }
            return told.insert(keys[index]).inserted ? FindingGroup(findings: group.map { findings[$0] }) : nil
        }
    }

    /// The same, in which processes that were told of before have their numbers alone.
    func shortened(knowing told: Set<Int32>) -> FindingGroup {
        FindingGroup(findings: findings.map { $0.shortened(knowing: told) })
    }

    /// A finding as it is, or the group in three lines: what they share, which they are, and what mends them.
    ///
    /// `now` is in seconds since 1970-01-01T00:00:00Z, for a date to write.
    func text(_ console: Console, now: Int64) -> String {
        let first = findings[0]
        guard findings.count > 1, let explanation = first.groupKey?.explanation(now: now) else {
            return first.text(console)
        }
        let head =
            "\(first.label(console)) \(findings.count) \(explanation.fact) [\(first.identifier.rawValue)]"
        let most = console.columns == nil ? Int.max : Self.most
        let names = names(atMost: most)
        let lists = console.columns == nil ? names.inLines(of: Self.pipedColumns) : [names.listed(atMost: most)]
        return ([head] + (lists + [explanation.cure]).map { "  \($0)" }).joined(separator: "\n")
    }

    /// The columns of a line in a pipe, where nothing is left out.
    private static let pipedColumns = 160

    /// The ports with their services or processes: ports of one process stand together.
    private func names(atMost most: Int) -> [String] {
        var owners: [String] = []
        var ports: [String: [AuditedPort]] = [:]
        for finding in findings {
            let owner = finding.ownerName
            if ports[owner] == nil { owners.append(owner) }
            ports[owner, default: []] += finding.port.map { [$0] } ?? []
        }
        return owners.map { owner in
            let sorted = (ports[owner] ?? []).sorted { $0.order < $1.order }
            let places = Self.ranges(sorted).listed(atMost: most)
            return (places.isEmpty ? Self.named(owner) : owner.isEmpty ? places : "\(places) (\(owner))").printable
        }
    }
}

extension FindingGroup {
    /// A service without a port: `ssh (policy.yaml:3)`.
    private static func named(_ owner: String) -> String {
        guard let comma = owner.firstIndex(of: ",") else { return owner }
        return "\(owner[..<comma]) (\(owner[owner.index(comma, offsetBy: 2)...]))"
    }

    /// The ports in their order; three or more in a row are a range.
    private static func ranges(_ ports: [AuditedPort]) -> [String] {
        var runs: [(first: AuditedPort, texts: [String], last: UInt16)] = []
        for port in ports {
            let isNext = runs.last.map { run in
                run.first.transport == port.transport && Int(run.last) + 1 == Int(port.range.lowerBound)
            }
            if isNext == true, port.transport.hasPorts {
                runs[runs.count - 1].texts.append(port.text)
                runs[runs.count - 1].last = port.range.upperBound
            } else {
                runs.append((port, [port.text], port.range.upperBound))
            }
        }
        return runs.flatMap { run in
            run.texts.count < fewest
                ? run.texts : [run.first.transport.text(run.first.range.lowerBound...run.last)]
        }
    }
}

extension [String] {
    /// All of them in lines of about so many columns, each broken behind a comma.
    fileprivate func inLines(of columns: Int) -> [String] {
        joined(separator: ", ").split(separator: " ").reduce(into: [String]()) { lines, word in
            guard let last = lines.last, last.count + 1 + word.count <= columns || !last.hasSuffix(",") else {
                return lines.append(String(word))
            }
            lines[lines.count - 1] += " \(word)"
        }
    }
}

extension AuditedPort {
    /// The place in a list of ports: by protocol, then by number.
    fileprivate var order: (UInt8, UInt16) { (transport.rawValue, range.lowerBound) }
}

extension Finding {
    /// Findings with equal keys can be told together.
    struct GroupKey: Hashable {
        let identifier: Identifier
        let severity: Severity
        let hasChosenPort: Bool
        /// Whether it is about a grant or a ban that is not in force.
        let isTemporary: Bool
        /// The chain of another table that drops connections to services; `nil` for other findings.
        let cause: DroppingChain?
    }

    struct DroppingChain: Hashable {
        let name: String
        let table: String

        var text: String { "chain \"\(name.printable)\" of table \(table.printable)" }
    }

    /// `nil` for a finding that the policy accepts for a reason of its own.
    fileprivate var groupKey: GroupKey? {
        guard acceptance == nil else { return nil }
        return GroupKey(
            identifier: identifier, severity: severity, hasChosenPort: details.hasChosenPort,
            isTemporary: details.isTemporary, cause: droppingChain)
    }

    /// The chain of another table that drops connections to a service.
    private var droppingChain: DroppingChain? {
        guard identifier == .foreignOverride, service != nil, !details.isBypass, let table, let chain else {
            return nil
        }
        return DroppingChain(name: chain, table: table)
    }

    /// The process, or the service with its line of the policy.
    fileprivate var ownerName: String {
        if details.isTemporary { return details.aspect ?? "" }
        if let container { return container.text }
        if let process { return "\(process.name), pid \(process.pid)" }
        let name = service ?? details.interface ?? ""
        guard let policy else { return name }
        // The folder is the same for most, and in the line of each finding by itself.
        return "\(name), \(policy.file.split(separator: "/").last ?? ""):\(policy.line)"
    }
}

extension Finding.GroupKey {
    /// The fact about each finding of the group, behind their number, and what mends it; `nil` where the sentence of each finding is
    /// needed.
    fileprivate func explanation(now: Int64) -> (fact: String, cure: String)? {
        switch identifier {
        case .rulesetDrift where isTemporary:
            (
                "grants and bans are not in force although they have not expired",
                "\"portreeve apply\" restores them; \"portreeve revoke\" and \"portreeve unban\" end them"
            )
        case .undeclaredListener where hasChosenPort:
            (
                "sockets on ports that the kernel chose are not in the policy; they look like clients",
                "nothing to do, unless one of them is a server: then declare it"
            )
        case .undeclaredListener:
            ("listeners are not in the policy, \(exposure)", "declare each, bind it to loopback, or stop it")
        case .undeclaredPublishedPort:
            ("published ports are not in the policy, \(exposure)", "declare each, or publish it on 127.0.0.1 only")
        case .missingListener:
            (
                "ports of services are open and nothing listens",
                "start each program, close the port, or write \"optional: true\" at the service"
            )
        case .wrongFamily:
            (
                "ports of services are open to an address family on which nothing listens",
                "bind each to both families, or narrow \"from\""
            )
        case .loopbackOnly:
            (
                "ports of services are bound to loopback only: allowed clients cannot connect",
                "bind each to another address, or close it"
            )
        case .ephemeralPort:
            (
                "ports of services are in the ephemeral port range",
                "reserve each in net.ipv4.ip_local_reserved_ports"
            )
        case .reviewDue where severity == .warning:
            (
                "entries of the policy were never reviewed, or too long ago",
                "write \"reviewed: \(UTCTime.text(now).prefix { $0 != "T" })\" at each that is still needed, or delete it"
            )
        case .reviewDue:
            ("entries of the policy are due for review within a week", "--verbose says when each is, and what to write")
        case .expiresSoon:
            ("entries of the policy expire soon", "renew each that is still needed: --verbose says when each ends")
        case .expired:
            ("entries of the policy have expired and are closed", "renew each, or delete it")
        case .foreignOverride where cause != nil:
            cause.map {
                (
                    "ports of services: \($0.text) drops connections that the policy allows",
                    "change that chain, or accept what it does: --verbose shows the rules, and how"
                )
            }
        default: nil
        }
    }

    private var exposure: String {
        switch severity {
        case .error: "and other hosts reach them, or may reach them"
        case .warning: "and blocked by the firewall"
        case .notice: "and reachable only from where \"trusted\" lets everything in"
        }
    }
}

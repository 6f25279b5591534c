internal import Addressing
internal import Compiler
internal import Policies
internal import Reachability
internal import Rulesets

/// Who gains and who loses access between two states of the table, by service.
struct AccessReport {
    /// Ports of one service whose sources change.
    struct Row {
        let change: AccessChange
        let ports: ClosedRange<UInt16>
        /// The service that has the ports; `nil` where a rule of somebody else opened them.
        let service: String?
    }

    /// What is open after and was not before.
    let gained: [Row]
    /// What was open before and is not after.
    let lost: [Row]
    /// What is not known.
    let unknown: [Row]
    /// What the state before lets in, taken alone; nothing where there is no table.
    let before: AccessRegions
    /// What the state after lets in, taken alone.
    let after: AccessRegions

    /// The exact difference between what two states of the table let in, limits being kept.
    ///
    /// No table at all stands for a policy without services: what it declares is what is gained.
    init(from old: Table?, to new: Table?, now: Int64) {
        let nothing = compile(Policy()).table
        let difference = AccessDifference(
            from: [old ?? nothing], to: [new ?? nothing], in: Circumstances(now: now))
        let (owners, newOwners) = (PortOwners(old), PortOwners(new))
        gained = difference.gained.flatMap(newOwners.rows)
        lost = difference.lost.flatMap(owners.rows)
        unknown = difference.unknown.flatMap(newOwners.rows)
        (before, after) = (difference.before, difference.after)
    }

    /// Whether nobody gains or loses access, for certain.
    var isEmpty: Bool { gained.isEmpty && lost.isEmpty && unknown.isEmpty }

    /// The difference for programs.
    var json: JSON {
        [
            "gained": .array(gained.map(\.json)), "lost": .array(lost.map(\.json)),
            "unknown": .array(unknown.map(\.json)),
        ]
    }

    /// A line a row.
    func lines(_ console: Console) -> [String] {
        gained.map { console.styled("+ \($0.text)", .green) } + lost.map { console.styled("- \($0.text)", .red) }
            + unknown.map { console.styled("? \($0.text)", .yellow) }
    }
}

/// The services that have the ports of each protocol.
private struct PortOwners {
    private var spans: [TransportProtocol: [(range: ClosedRange<UInt16>, service: String)]] = [:]

    init(_ table: Table?) {
        for service in LoadedPolicy(table).services {
            for port in service.ports { spans[port.transport, default: []].append((port.range, service.name)) }
        }
        for transport in spans.keys { spans[transport]?.sort { $0.range.lowerBound < $1.range.lowerBound } }
    }

    /// The change, cut where one service's ports end.
    func rows(_ change: AccessChange) -> [AccessReport.Row] {
        var rows: [AccessReport.Row] = []
        var next = Int(change.ports.lowerBound)
        let last = Int(change.ports.upperBound)
        func cut(through end: Int, _ service: String?) {
            guard next <= end else { return }
            rows.append(.init(change: change, ports: UInt16(next)...UInt16(end), service: service))
            next = end + 1
        }
        let own = spans[change.transport] ?? []
        for index in first(in: own, endingAtOrAbove: change.ports.lowerBound)..<own.count {
            guard own[index].range.lowerBound <= change.ports.upperBound else { break }
            cut(through: Int(own[index].range.lowerBound) - 1, nil)
            cut(through: min(last, Int(own[index].range.upperBound)), own[index].service)
        }
        cut(through: last, nil)
        return rows
    }

    private func first(
        in spans: [(range: ClosedRange<UInt16>, service: String)], endingAtOrAbove port: UInt16
    ) -> Int {
        var (low, high) = (0, spans.count)
        while low < high {
            let middle = (low + high) / 2
            if spans[middle].range.upperBound < port { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension AccessReport.Row {
    /// More sources than this are counted, not listed.
    private static let listedSources = 100

    /// The row for programs; interfaces only where it is not all of them, rules only where they keep from knowing.
    var json: JSON {
        let count = change.sources.ipv4.ranges.count + change.sources.ipv6.ranges.count
        var members: [(String, JSON)] = [
            ("protocol", .string(change.transport.name)), ("port", ports.json),
            ("family", .string(change.family.rawValue)), ("service", JSON(service)),
            ("sources", .array(change.sources.texts(atMost: Self.listedSources).map(JSON.string))),
            ("sources_count", .number(count)), ("witness", JSON(change.sources.witness?.description)),
        ]
        if !change.interfaces.isEmpty { members.append(("interfaces", .array(interfaces.map(JSON.string)))) }
        if !change.doubts.isEmpty { members.append(("rules", .array(change.doubts.map { .string("\($0)") }))) }
        return .object(members)
    }

    /// The row for people: a witness first.
    var text: String {
        let port = "\(change.transport.name)/\(ports.text)"
        let owner = service.map { " (\($0))" } ?? ""
        let place = change.interfaces.isEmpty ? "" : " on \(interfaces.joined(separator: ", "))"
        let whole = change.sources.isAll(of: change.family) ? "any \(change.family.name)" : change.sources.text
        let cause = change.doubts.first.map { ", because of the rule \"\($0)\"" } ?? ""
        return
            "\(port)\(owner)\(place) from \(whole): for one, \(change.sources.witness?.description ?? "nobody")\(cause)"
    }

    /// The interfaces in words; none for all of them.
    var interfaces: [String] { change.interfaces.map { $0 ?? "others" } }
}

extension AddressSet {
    /// Whether the set has every address of a family.
    fileprivate func isAll(of family: AddressFamily) -> Bool { family == .ipv4 ? ipv4.isAll : ipv6.isAll }
}

extension AddressFamily {
    /// The family's name as people write it.
    var name: String { self == .ipv4 ? "IPv4" : "IPv6" }
}

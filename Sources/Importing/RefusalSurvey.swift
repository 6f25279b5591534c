internal import Addressing
internal import Reachability
internal import Rulesets

/// The answers that refused packets get from live tables, and the rules that log them.
///
/// It evaluates single packets: to a port that no rule names, and to each port that a refusing rule names.
struct RefusalSurvey {
    /// The value of `inbound`.
    let rejects: Bool
    /// The logging of refused packets as a policy writes it; `nil` if they are not logged.
    private(set) var log: String?
    /// Sentences about what a policy cannot take over.
    private(set) var remarks: [String] = []

    /// A refused packet and the rule or policy that refuses it.
    private struct Refusal {
        let packet: Packet
        let place: RuleReference
        /// The ports that the rule refuses from everywhere, that of the packet among them; `nil` if it refuses others, or only some sources.
        var namedPorts: NamedPorts? {
            guard let rule = place.rule, !rule.testsPlace else { return nil }
            return rule.namedPorts.first { $0.transport == packet.transport && $0.ports.contains(packet.port) }
        }
        /// The answer; `nil` for none.
        var answer: RefusalAnswer? { place.rule?.answer(in: place.table.family) }
    }

    private let tables: [Table]
    private let circumstances: Circumstances

    /// No more ports than these that refusing rules name are tried.
    private static let mostPorts = 24
    /// The rate of a log that had none.
    private static let unlimitedRate = "100/second"

    init(_ survey: AccessSurvey) {
        tables = survey.tables
        circumstances = survey.circumstances
        let ordinary = [TransportProtocol.tcp, .udp].flatMap { transport -> [Refusal] in
            let most = survey.profiles.filter { $0.transport == transport }.max { $0.profile.size < $1.profile.size }
            guard let profile = most?.profile, let port = profile.ports.ranges.max(by: { $0.count < $1.count }) else {
                return []
            }
            return Self.refusals(survey, transport, port.upperBound, profile.cells)
        }
        let answers = ordinary.map { $0.answer != nil }
        rejects = !answers.isEmpty && answers.allSatisfy(\.self)
        let named = Self.namedPorts(tables).flatMap { named in
            Set([named.ports.lowerBound, named.ports.upperBound]).sorted().flatMap { port -> [Refusal] in
                let profile = survey.profiles.first {
                    $0.transport == named.transport && $0.profile.ports.contains(port)
                }
                return Self.refusals(survey, named.transport, port, profile?.profile.cells ?? [])
            }
        }
        compare(ordinary + named)
        findLog(ordinary, survey.preparedLogging)
    }

    /// The refusals of packets to a port from sources that are let in nowhere there, one for each interface.
    private static func refusals(
        _ survey: AccessSurvey, _ transport: TransportProtocol, _ port: UInt16, _ cells: [AccessProfile.Cell]
    ) -> [Refusal] {
        cells.compactMap { cell in
            let admitted = cell.open.union(cell.unknown).union(survey.denied).union(.impossible)
            guard survey.isReached(cell.family),
                let witness = AddressSet.all(cell.family).subtracting(admitted).witness.flatMap({ IPAddress($0) })
            else { return nil }
            var packet = Packet(transport: transport, port: port, from: witness, interface: cell.interface.witness)
            packet.destination = survey.circumstances.addresses?.first(cell.family, of: cell.destination)
            let conclusion = PacketEvaluation.conclude(packet, through: survey.prepared, in: survey.circumstances)
            guard conclusion.verdict == .refuse, let place = conclusion.decision else { return nil }
            return Refusal(packet: packet, place: place)
        }
    }

    /// The ports that refusing rules name.
    private static func namedPorts(_ tables: [Table]) -> [NamedPorts] {
        let rules = tables.map(\.withNativeExtensions).flatMap { $0.chains.flatMap(\.rules) }
        return rules.filter { $0.answer(in: .inet) != nil || $0.expressions.last == .verdict(.drop) }
            .flatMap(\.namedPorts).distinct.prefix(mostPorts).map(\.self)
    }

    /// Names the rules whose answer is not that of the policy.
    private mutating func compare(_ refusals: [Refusal]) {
        let others = refusals.filter { ($0.answer != nil) != rejects }
        for (answer, same) in Dictionary(grouping: others.filter { $0.namedPorts != nil }, by: \.answer) {
            remarks.append(sentence(of: same.compactMap(\.namedPorts).distinct, answer))
        }
        remarks.sort()
        if let names = others.filter({ $0.namedPorts == nil }).map(\.place).names {
            remarks.append(
                rejects
                    ? "This policy answers what was dropped silently by \(names)."
                    : "This policy drops silently what was refused with an answer by \(names).")
        }
        guard rejects else { return }
        let changed = refusals.filter { refusal in
            guard let answer = refusal.answer else { return false }
            return answer != (refusal.packet.transport == .tcp ? .reset : .prohibited)
        }
        guard !changed.isEmpty else { return }
        remarks.append(
            "With the policy, refused TCP gets a reset, and the rest ICMP admin-prohibited. Other answers today: \(changed.map(\.place).names ?? "")."
        )
    }

    /// The sentence about ports whose refusal had this answer.
    private func sentence(of ports: [NamedPorts], _ answer: RefusalAnswer?) -> String {
        let (verb, them) = ports.count == 1 && ports[0].ports.count == 1 ? ("was", "it") : ("were", "them")
        let before =
            switch answer {
            case .reset?: "refused with a reset"
            case .prohibited?, .otherError?: "refused with an ICMP error"
            case nil: "dropped silently"
            }
        let after = rejects ? "refuses \(them) with an answer" : "drops \(them) silently"
        return "\(ports.map(\.text).joined(separator: ", ")) \(verb) \(before); this policy \(after)."
    }

    /// Finds the rule that logs refused packets: where each log accepts, a packet that is accepted was logged.
    private mutating func findLog(_ refusals: [Refusal], _ logging: PreparedTables) {
        let places = refusals.compactMap { refusal in
            PacketEvaluation.conclude(refusal.packet, through: logging, in: circumstances).trace.first {
                tables.rule(at: $0.place)?.logTarget != nil
            }?.place
        }
        guard let place = places.first, let rule = tables.rule(at: place), let target = rule.logTarget else { return }
        let rate = rule.rateText
        let group = target.group.map { "{rate: \(rate ?? Self.unlimitedRate), to: netlink, group: \($0)}" }
        log = group ?? rate ?? Self.unlimitedRate
        let prefix = target.prefix.map { " with the prefix \"\($0)\"" } ?? ""
        let limit = rate == nil ? ", without a limit" : ""
        let some = places.count < refusals.count ? "Some refused packets" : "Refused packets"
        remarks.append(
            "\(some) were logged\(prefix)\(limit); the policy logs whatever it refuses, with the prefix \"portreeve refused\"."
        )
    }
}

extension Rule {
    /// Whether it tests an address or an interface.
    fileprivate var testsPlace: Bool {
        expressions.contains { expression in
            switch expression {
            case .payload(let payload): payload.base != .transport
            case .meta(let key, _): [.inputInterface, .inputInterfaceName].contains(key)
            case .route: true
            default: false
            }
        }
    }
}

extension AccessProfile {
    /// The number of ports.
    fileprivate var size: Int { ports.ranges.reduce(0) { $0 + $1.count } }
}

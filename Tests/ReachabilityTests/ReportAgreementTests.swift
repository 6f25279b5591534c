import Addressing
import Auditing
import Compiler
import Listeners
import Policies
import Reachability
import Rulesets
import TestSupport
import Testing

@Suite("explain, status and verify say the same")
struct ReportAgreementTests {
    private let policy = Policy(defaults: Defaults(), services: [])

    /// A listener on each port of the random rulesets.
    private let sockets = HostSockets(
        listeners: (1..<9 as Range<UInt16>).map {
            Listener(transport: .tcp, address: .ipv6(0), port: $0, isDualStack: true, inode: UInt64($0))
        }, ephemeral: EphemeralPorts(range: 32768...60999))

    @Test("Of undeclared listeners beside random rulesets, by source and interface", arguments: Seeds.range(3))
    func undeclared(seed: UInt64) throws {
        var rulesets = RandomRuleset(seed: seed + 3000, isDetermined: false)
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<6 {
            let tables = rulesets.next()
            let compiled = compile(policy)
            let live = LiveRuleset(
                own: nil, others: tables, declared: compiled.table, in: Circumstances(now: 0), now: 0)
            let rows = PortStatus.all(
                policy, compiled, loaded: nil, in: live, sockets: sockets, usages: [:])
            let findings = live.audit(of: sockets, policy).filter { $0.identifier == .undeclaredListener }
            for row in rows where row.listeners.count == 1 {
                let finding = try #require(findings.first { $0.port?.range == row.ports })
                let isOpen = [.reachable, .unknown].contains(row.exposure)
                #expect((finding.severity == .error) == isOpen, "\(finding) \(row)")
                #expect(row.access.isEmpty == (row.exposure == .shielded), "\(row)")
                for interface in InterfaceClass.all(in: tables) where interface != .loopback {
                    let packet = generator.pick(AgreementTests.packets(interface.witness, [.tcp]))
                    compare(row, interface, packet, tables)
                }
            }
        }
    }

    private func compare(_ row: PortStatus, _ interface: InterfaceClass, _ packet: Packet, _ tables: [Table]) {
        let source: IPAddress = packet.family == .ipv4 ? .ipv4(UInt32(packet.source)) : .ipv6(packet.source)
        let question = Explanation.Question(
            source: source, transport: .tcp, port: row.ports.lowerBound, interface: interface.witness)
        let answer = Explanation(question, policy: policy, tables: tables, isLive: true, now: 0)
        let access = row.access.filter { $0.interfaces.isEmpty || $0.interfaces.contains(interface.pattern) }
        let isOpen = access.contains { $0.open.isSuperset(of: question.addresses) }
        let isUnknown = access.contains { $0.unknown.isSuperset(of: question.addresses) }
        let said: ConnectionVerdict = isOpen ? .accept : isUnknown ? .unknown : .refuse
        #expect(answer.verdict == said, "\(source) on \(interface.witness): \(row)\n\(tables.map(\.nftText).joined())")
    }
}

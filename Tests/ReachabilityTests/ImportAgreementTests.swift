import Addressing
import Compiler
import Foundation
import Importing
import Kernel
import Policies
import Rulesets
import System
import TestSupport
import Testing

@testable import Reachability

/// Policies that are written from the rulesets of `CorpusTests`: what they let in against what the rulesets let in, by packets.
@Suite("Imports of rulesets in a folder", .privileged, .networkNamespace)
struct ImportAgreementTests {
    @Test(
        "The kernel treats packets alike under a ruleset and its policy, but for the differences that are named",
        arguments: Corpus.files)
    func imports(file: URL) throws {
        guard let text = try? Corpus.text(of: file) else { return }
        let sample = CorpusSample(text)
        guard
            let trial = try? RulesetTrial(
                text, isRestored: file.pathExtension == "iptables", interfaces: sample.interfaces)
        else {
            print("import: \(file.lastPathComponent): not loaded")
            return
        }
        let circumstances = try trial.wire.circumstances()
        guard !RulesetImport.isOpen(trial.tables, own: Names.table, in: circumstances) else {
            print("import: \(file.lastPathComponent): open")
            return
        }
        let result = RulesetImport(
            of: trial.tables, own: Names.table, in: circumstances, listeners: [], files: TrustedFiles(),
            options: ReadingOptions())
        let proof = try #require(result.proof, "\(result.diagnostics) \(result.text)")
        try compare(trial, result, proof, sample.packets, file.lastPathComponent)
    }

    /// Sends the packets under the ruleset and under the policy.
    private func compare(
        _ trial: RulesetTrial, _ result: RulesetImport, _ proof: ImportProof, _ packets: [Packet], _ file: String
    ) throws {
        let before = try trial.accepted(packets)
        let policy = try #require(result.policy)
        try trial.handOver(result.takeover, to: compile(policy).table)
        let after = try trial.accepted(packets, from: 40_000)
        let places = try trial.places()
        let translations = AccessRegions(trial.tables, in: try trial.wire.circumstances()).translations
        let patterns = InterfaceClass.all(in: trial.tables).compactMap(\.pattern)
        var (different, wrong): (Int, [String]) = (0, [])
        for (old, new) in zip(before, after) {
            let named = Set(
                proof.differences.filter { $0.concerns(old.packet, from: old.sourcePort, patterns) }.map(\.kind))
            if old.isAccepted != new.isAccepted { different += 1 }
            let fits =
                old.isAccepted == new.isAccepted
                ? named.isSubset(of: [.unknown])
                : named.contains(.unknown) || named.contains(old.isAccepted ? .narrower : .wider)
            let isMoved =
                old.isAccepted && new.isAccepted && old.packet.transport.hasPorts
                && places[old.sourcePort] != places[new.sourcePort]
                // One of several targets may be another one at each packet.
                && translations.allSatisfy { !$0.key.isOf(old.packet) || $0.doubts.isEmpty }
            if isMoved, !proof.differences.contains(where: { $0.movesPort(of: old.packet) }) {
                wrong.append(
                    "\(old.packet): before to \(places[old.sourcePort] ?? ""), after to \(places[new.sourcePort] ?? "")"
                )
            }
            if !fits {
                wrong.append("\(old.packet): before \(old.isAccepted), after \(new.isAccepted), named \(named)")
            }
        }
        print(
            "import: \(file): \(proof.verdict), \(packets.count) packets, \(different) different, \(wrong.count) wrong, \(proof.differences.count) differences"
        )
        #expect(wrong.isEmpty, "\(wrong.prefix(3)) \(result.text)")
    }
}

extension AccessRegions.Key {
    /// Whether the packet has the protocol and the family.
    fileprivate func isOf(_ packet: Packet) -> Bool { transport == packet.transport && family == packet.family }
}

extension ImportDifference {
    /// Whether the packet to an address of this host is among those that it is about.
    fileprivate func concerns(_ packet: Packet, from sourcePort: UInt16, _ patterns: [String]) -> Bool {
        let destination = Wire.destination(packet.family)
        guard subject == .access, group == nil, limit == nil, transport == packet.transport,
            sourcePorts?.contains(sourcePort) ?? true, family == packet.family,
            ports.contains(packet.port),
            destinations.isEmpty || destinations.contains(where: { $0.contains(destination) })
        else { return false }
        let source: IPAddress = family == .ipv4 ? .ipv4(UInt32(packet.source)) : .ipv6(packet.source)
        return sources.contains(source) && concerns(interface: packet.interface, patterns)
    }

    /// Whether the port of the packet leads to another place.
    fileprivate func movesPort(of packet: Packet) -> Bool {
        guard case .target = subject else { return false }
        return transport == packet.transport && family == packet.family && ports.contains(packet.port)
    }

    private func concerns(interface: String, _ patterns: [String]) -> Bool {
        func fits(_ pattern: String) -> Bool {
            pattern.hasSuffix("*") ? interface.hasPrefix(pattern.dropLast()) : interface == pattern
        }
        return interfaces.isEmpty || interfaces.contains { $0.map(fits) ?? !patterns.contains(where: fits) }
    }
}

import Addressing
import Foundation
import Reachability
import Synchronization
import TestSupport
import Testing

/// Rulesets of other programs and people, by default those in `Hosts`: `make test-rulesets RULESETS=FOLDER`.
///
/// Files that end in `.iptables` are loaded by `iptables-nft-restore`, all others by `nft`. Limits are raised beyond what is sent, so that
/// only the other conditions decide. Each line of the output has the claims of one file and the sums so far.
@Suite("Rulesets in a folder", .privileged, .networkNamespace)
struct CorpusTests {
    private static let sums = Mutex<(files: Int, claims: Int, wrong: Int, unknown: Int)>((0, 0, 0, 0))

    @Test("No claim is wrong", arguments: Corpus.files)
    func claims(file: URL) throws {
        guard let text = try? Corpus.text(of: file) else { return }
        let sample = CorpusSample(text)
        let trial: RulesetTrial
        do {
            trial = try RulesetTrial(
                text, isRestored: file.pathExtension == "iptables", interfaces: sample.interfaces)
        } catch {
            print("corpus: \(file.lastPathComponent): not loaded")
            return
        }
        let outcome = try trial.outcome(of: sample.packets, checksReturnRoutes: true)
        let sums = Self.sums.withLock { sums in
            sums.files += 1
            sums.claims += outcome.claims
            sums.wrong += outcome.wrong.count
            sums.unknown += outcome.unknownCount
            return sums
        }
        print(
            "corpus: \(file.lastPathComponent): \(outcome.claims) claims, \(outcome.wrong.count) wrong, \(outcome.unknownCount) unknown;",
            "in all \(sums.files) files, \(sums.claims) claims, \(sums.wrong) wrong, \(sums.unknown) unknown")
        for (place, count) in outcome.unknown.sorted(by: { $0.value > $1.value }) {
            print("corpus:   unknown \(count): \(place)")
        }
        #expect(outcome.wrong.isEmpty, "\(outcome.wrong.prefix(3))")
    }
}

/// The folder of rulesets: that in the environment, or the one beside this file.
enum Corpus {
    static let folder = ProcessInfo.processInfo.environment["RULESETS"].map { URL(filePath: $0) } ?? .hosts

    static var files: [URL] {
        guard let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else {
            return []
        }
        return found.compactMap { $0 as? URL }.filter { !$0.hasDirectoryPath }.sorted { $0.path < $1.path }
    }

    /// The text of a file, with limits that nothing exceeds.
    static func text(of file: URL) throws -> String {
        try String(contentsOf: file, encoding: .utf8)
            .replacing(#/limit rate (over )?\d+/\w+( burst \d+ packets)?/#) { match in
                "limit rate \(match.1 ?? "")900000/second burst 60000 packets"
            }
            .replacing(#/--limit \S+( --limit-burst \d+)?/#, with: "--limit 9000/sec --limit-burst 9000")
            .replacing(#/ct count (over )?\d+/#) { "ct count \($0.1 ?? "")60000" }
            .replacing(#/--connlimit-(above|upto) \d+/#) { "--connlimit-\($0.1) 60000" }
            .replacing(#/--hashlimit-burst \w+/#, with: "")
            .replacing(#/--hashlimit(-upto|-above|) \d+\/\w+/#) {
                "--hashlimit\($0.1) 9000/sec --hashlimit-burst 9000"
            }
            .replacing(#/--hashlimit(-upto|-above|) \d+[km]?b\/s/#) {
                "--hashlimit\($0.1) 9mb/s --hashlimit-burst 90mb"
            }
    }
}

/// The packets that a ruleset may treat in different ways: by the interfaces, addresses and ports that its text has.
struct CorpusSample {
    private(set) var interfaces: [String]
    private var sources: [IPAddress] = []
    private var ports: [UInt16]

    init(_ text: String) {
        let names = text.matches(
            of: #/(?:[io]if(?:name)?|-[io]|define \w+ =)\s+(?:[!=]=?\s*)?(\{[^}]*\}|"[^"]+"|[\w.*+-]+)/#
        ).flatMap {
            $0.1.split { !($0.isLetter || $0.isNumber || "._-*+".contains($0)) }.map {
                String($0.map { "*+".contains($0) ? "0" : $0 })
            }
        }
        let usable = names.filter { $0 != "lo" && $0.utf8.count < 16 && $0.contains(where: \.isLetter) }
        interfaces = Self.some(3, of: usable + ["eth0"])
        let addresses = text.matches(of: #/[0-9a-fA-F:.]*[:.][0-9a-fA-F:.]+(\/\d+)?/#).compactMap {
            Self.address(String($0.0))
        }
        let others = ["203.0.113.9", "10.1.2.3", "2001:db8:5::9"].compactMap { Self.address($0) }
        sources = Self.some(8, of: addresses.filter(\.isOrdinary)) + others
        let numbers = text.split { !$0.isNumber }.compactMap { UInt16($0) }.filter { $0 > 0 }
        ports = Self.some(12, of: numbers) + [9999]
    }

    /// The address, or one of the prefix, in a text.
    private static func address(_ text: String) -> IPAddress? {
        guard let range = try? AddressRange(text) else { return nil }
        return IPAddress(range) ?? AddressSet(range).witness.flatMap { IPAddress($0) }
    }

    /// Some of the elements, each once, from all of the text.
    private static func some<Element: Hashable>(_ count: Int, of elements: [Element]) -> [Element] {
        var seen: Set<Element> = []
        let unique = elements.filter { seen.insert($0).inserted }
        guard unique.count > count else { return unique }
        return (0..<count).map { unique[$0 * unique.count / count] }
    }

    var packets: [Packet] {
        interfaces.enumerated().flatMap { number, interface in
            sources.flatMap { source -> [Packet] in
                // The return route of IPv6 is only on the first interface.
                if number > 0, source.family == .ipv6 { return [] }
                return ports.flatMap { port in
                    [.tcp, .udp].map { Packet(transport: $0, port: port, from: source, interface: interface) }
                }
            }
        }
    }
}

extension IPAddress {
    /// Whether a host on a link may use it: the kernel drops packets from the others.
    fileprivate var isOrdinary: Bool {
        switch self {
        case .ipv4(let value):
            let (first, isOwn) = (value >> 24, value >> 8 == 0xc6_3364 || value == 0xc000_0201)
            return first > 0 && first != 127 && first < 224 && !isOwn
        case .ipv6(let value):
            return value >> 125 == 1 && value >> 80 != 0x2001_0db8_0001 && value != 0x2001_0db8 << 96 | 1
        }
    }
}

import Addressing
import Foundation
import Policies
import System
import Testing

/// The shipped examples are read like the policy of a host, without errors or warnings.
@Suite struct ExamplePoliciesTests {
    /// 2027-01-15T08:00:00Z, before any example expires.
    static let now: Int64 = 1_800_000_000

    static func read(_ file: URL) -> PolicyReading {
        PolicyReader.read(path: file.path, options: ReadingOptions(now: now), files: TrustedFiles())
    }

    @Test func areComplete() {
        let names = ExampleFiles.policies.map { $0.deletingPathExtension().lastPathComponent }
        let promised = [
            "bastion", "container-host", "database", "dns-server", "file-server", "gateway", "k3s-node", "keepalived",
            "mail",
            "minimal",
            "monitoring", "router", "vpn-gateway", "web-server",
        ]
        #expect(Set(names).isSuperset(of: promised))
    }

    @Test(arguments: ExampleFiles.policies)
    func haveNoDiagnostics(_ file: URL) throws {
        let reading = Self.read(file)
        #expect(reading.diagnostics.map { $0.rendered(color: false) } == [])
        let policy = try #require(reading.policy)
        #expect(!policy.services.isEmpty)
        #expect(policy.services.allSatisfy { $0.why != nil })
    }

    /// Documentation (RFC 5737, RFC 3849) and private (RFC 1918, RFC 4193) addresses, and those of every link: 0.0.0.0 (RFC 2131)
    /// and fe80::/10 (RFC 4291).
    private static let reserved = AddressSet(
        ipv4: IntervalSet([
            0...0, 0x0a00_0000...0x0aff_ffff, 0xac10_0000...0xac1f_ffff, 0xc0a8_0000...0xc0a8_ffff,
            0xc000_0200...0xc000_02ff, 0xc633_6400...0xc633_64ff, 0xcb00_7100...0xcb00_71ff,
        ]),
        ipv6: IntervalSet([
            0xfc << 120...(0xfe << 120) - 1, 0xfe80 << 112...(0xfec0 << 112) - 1,
            0x2001_0db8 << 96...(0x2001_0db9 << 96) - 1,
        ]))

    @Test(arguments: ExampleFiles.policies)
    func useOnlyDocumentationAndPrivateAddresses(_ file: URL) throws {
        let policy = try #require(Self.read(file).policy)
        for group in policy.groups { #expect(Self.reserved.isSuperset(of: group.addresses), "\(group.name)") }
        for service in policy.services where !service.addresses.isAny {
            #expect(Self.reserved.isSuperset(of: service.addresses), "\(service.name)")
        }
    }

    @Test func includeEveryFileAndList() {
        let read = Set(ExampleFiles.policies.flatMap { Self.read($0).policy?.files ?? [] })
        for file in ExampleFiles.includes { #expect(read.contains(file.path)) }
        #expect(read.contains(ExampleFiles.folder.appending(path: "lists/abusers.txt").path))
    }

    @Test(arguments: ExampleFiles.policies + ExampleFiles.includes)
    func nameTheirSchema(_ file: URL) throws {
        // The installed path, which still holds in a copy in another folder.
        let folder = "/usr/local/share/doc/portreeve/policies"
        let schema = ExampleFiles.includes.contains(file) ? ExampleFiles.includeSchema : ExampleFiles.schema
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text.hasPrefix("# yaml-language-server: $schema=\(folder)/\(schema.lastPathComponent)\n"))
    }
}

import Foundation
import Policies
import System
import Testing

/// A policy that waits in one folder to be put in another.
@Suite struct DestinationTests {
    private static let policy = """
        version: 1
        include: [policy.d/*.yaml]
        sources: {office: {file: lists/office.txt}}
        services: {ssh: {ports: 22, from: office, why: x}}

        """
    private let folder: PolicyFolder

    init() throws {
        folder = try PolicyFolder([
            "etc/policy.yaml": "version: 1\nservices: {}\n", "etc/lists/office.txt": "192.0.2.0/24\n2001:db8::/64\n",
            "etc/policy.d/web.yaml": "services: {web: {ports: 80, from: any, why: x}}\n",
        ])
    }

    private func read(
        _ text: String = Self.policy, at name: String = "stage/tmp1", as destination: String = "etc/policy.yaml",
        checksOwnership: Bool = false
    ) throws -> PolicyReading {
        try folder.write(text, to: name)
        return PolicyReader.read(
            path: "\(folder.path)/\(name)",
            options: ReadingOptions(checksOwnership: checksOwnership, destination: "\(folder.path)/\(destination)"),
            files: TrustedFiles())
    }

    private func errors(_ reading: PolicyReading) -> [String] {
        folder.rendered(reading).compactMap { $0.split(separator: "\n").first.map(String.init) }
    }

    @Test("Its includes and lists are those of the place where it is to stand")
    func relative() throws {
        let policy = try #require(try read().policy)
        #expect(policy.services.map(\.name) == ["ssh", "web"])
        #expect(
            policy.files.map { $0.replacing(folder.path + "/", with: "") } == [
                "etc/policy.yaml", "etc/policy.d/web.yaml", "etc/lists/office.txt",
            ])
        #expect(
            PolicyReader.read(path: folder.path + "/stage/tmp1", options: ReadingOptions(), files: TrustedFiles())
                .policy == nil)
    }

    @Test("Messages name that place, and the file only where it cannot be read")
    func messages() throws {
        let reading = try read("version: 1\nservices: {ssh: {ports: 22, from: nowhere, why: x}}\n")
        #expect(errors(reading).first?.hasPrefix("etc/policy.yaml:2:") == true)
        try FileManager.default.removeItem(atPath: folder.path + "/stage/tmp1")
        let missing = PolicyReader.read(
            path: folder.path + "/stage/tmp1", options: ReadingOptions(destination: "/etc/portreeve/policy.yaml"),
            files: TrustedFiles())
        #expect(
            errors(missing) == [
                "/etc/portreeve/policy.yaml:1:1: error: \"stage/tmp1\" cannot be read: no such file or directory"
            ])
    }

    @Test("A pattern that matches the place includes the policy twice; one that matches the file does not")
    func patterns() throws {
        let text = "version: 1\ninclude: ['*.yaml']\nservices: {}\n"
        #expect(
            errors(try read(text)).map { $0.hasSuffix("is included twice, first as \"etc/policy.yaml\"") } == [true])
        try FileManager.default.removeItem(atPath: folder.path + "/etc/policy.yaml")
        #expect(try read(text, at: "etc/policy.yaml.new.yaml").policy != nil)
    }

    @Test("Of owners and modes those count that will: not the file's own, but the directory's and the list's")
    func ownership() throws {
        try folder.write(Self.policy, to: "stage/tmp1")
        func chmod(_ name: String, _ mode: Int) throws {
            try FileManager.default.setAttributes(
                [.posixPermissions: mode], ofItemAtPath: "\(folder.path)/\(name)")
        }
        try chmod("stage", 0o777)
        try chmod("stage/tmp1", 0o666)
        #expect(try read(checksOwnership: true).policy != nil)
        try chmod("etc/lists/office.txt", 0o666)
        #expect(errors(try read(checksOwnership: true)).first?.contains("chmod go-w") == true)
        try chmod("etc/lists/office.txt", 0o644)
        try chmod("etc", 0o777)
        let fault =
            "etc/policy.yaml:1:1: error: \"etc/policy.yaml\" is in directory \"etc\", which"
        #expect(errors(try read(checksOwnership: true)).first?.hasPrefix(fault) == true)
        // One that is not there yet is no worse than the one above it.
        let plain = "version: 1\nservices: {}\n"
        #expect(try read(plain, as: "new/portreeve/policy.yaml", checksOwnership: true).policy != nil)
        #expect(try read(plain, as: "etc/portreeve/policy.yaml", checksOwnership: true).policy == nil)
    }
}

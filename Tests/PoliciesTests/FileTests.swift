import Foundation
import Policies
import System
import Testing

@Suite struct FileTests {
    private static let empty = "version: 1\nservices: {}\n"

    private func errors(_ folder: PolicyFolder, checksOwnership: Bool = false) -> [String] {
        folder.rendered(folder.read(checksOwnership: checksOwnership)).filter { $0.contains(": error: ") }
    }

    @Test func refusesAnythingButARegularFile() throws {
        let folder = try PolicyFolder()
        #expect(
            errors(folder) == [
                "policy.yaml:1:1: error: \"policy.yaml\" cannot be read: no such file or directory"
            ])
        try FileManager.default.createDirectory(atPath: folder.path + "/policy.yaml", withIntermediateDirectories: true)
        #expect(errors(folder) == ["policy.yaml:1:1: error: \"policy.yaml\" is a directory"])
        let device = PolicyReader.read(path: "/dev/zero", options: ReadingOptions(), files: TrustedFiles())
        #expect(device.diagnostics.map(\.message) == ["\"/dev/zero\" is not a regular file"])
        #expect(PolicyReader.read(path: "", options: ReadingOptions(), files: TrustedFiles()).policy == nil)
    }

    @Test func aFifoDoesNotBlock() throws {
        let folder = try PolicyFolder()
        #expect(unsafe mkfifo(folder.path + "/policy.yaml", 0o600) == 0)
        #expect(errors(folder) == ["policy.yaml:1:1: error: \"policy.yaml\" is not a regular file"])
    }

    @Test func refusesFilesOver64MiB() throws {
        let folder = try PolicyFolder(["policy.yaml": Self.empty])
        #expect(unsafe truncate(folder.path + "/policy.yaml", (64 << 20) + 1) == 0)
        #expect(errors(folder) == ["policy.yaml:1:1: error: \"policy.yaml\" is larger than 64 MiB, the limit"])
    }

    @Test(arguments: [0x00, 0x08, 0x0B, 0x0D, 0x1F, 0x7F, 0x80, 0xFF] as [UInt8])
    func findsAnInvalidByteAtAnyOffset(byte: UInt8) throws {
        let folder = try PolicyFolder()
        let line = Array("version: 1 # some text\n".utf8)
        for index in line.indices.dropLast(2) {
            var bytes = line + line
            bytes[line.count + index] = byte
            try folder.write(bytes: bytes, to: "policy.yaml")
            let location = try #require(folder.read().diagnostics.first?.location)
            #expect((location.line, location.column) == (2, index + 1))
        }
    }

    @Test(
        arguments: [
            ([0xFF], 1, 0), ([0xC0, 0x80], 1, 0), ([0xED, 0xA0, 0x80], 1, 0), ([0xF4, 0x90, 0x80, 0x80], 1, 0),
            ([0xE2, 0x82], 1, 0), ([0xC3, 0xA9, 0x80], 2, 1), ([0xF0, 0x9F, 0x98, 0x80, 0xFE], 2, 1),
        ] as [([UInt8], Int, Int)])
    func refusesInvalidUTF8(bytes: [UInt8], column: Int, shown: Int) throws {
        let folder = try PolicyFolder()
        try folder.write(bytes: Array("version: 1\nx: ".utf8) + bytes, to: "policy.yaml")
        let first = try #require(folder.read().diagnostics.first)
        #expect(first.message.hasSuffix("policy.yaml\" is not UTF-8"))
        #expect(first.location?.line == 2)
        #expect(first.location?.column == 3 + column)
    }

    @Test func refusesNestingOver64Levels() throws {
        let folder = try PolicyFolder()
        try folder.write(String(repeating: "[", count: 64) + String(repeating: "]", count: 64), to: "policy.yaml")
        #expect(errors(folder).first?.contains("a policy must be a mapping, not a list") == true)
        for opening in ["[", "{a: ", "- "] {
            try folder.write(String(repeating: opening, count: 65), to: "policy.yaml")
            let message = try #require(errors(folder).first)
            #expect(message.contains("lists and mappings nested over 64 levels"), "\(message)")
        }
        try folder.write(String(repeating: "[", count: 300_000), to: "policy.yaml")
        #expect(errors(folder).count == 1)
    }

    @Test func errorsInAListAreLocatedInTheList() throws {
        let folder = try PolicyFolder()
        try folder.write(
            "version: 1\nservices: {}\nsources:\n  a: [10.0.0.1, {file: lists/a.txt}]\n", to: "policy.yaml")
        try folder.write("# é\r\n10.0.0.1/8\r\n\t⟨fe80::1%eth0⟩ # zone\r\n\r\n::1\n⟨office⟩\n", to: "lists/a.txt")
        let actual = errors(folder)
        #expect(actual.count == 3)
        #expect(
            actual[0] == """
                lists/a.txt:2:1: error: "10.0.0.1/8" has host bits set below its prefix; did you mean "10.0.0.0/8"?
                10.0.0.1/8
                ^~~~~~~~~~
                """)
        #expect(
            actual[1] == """
                lists/a.txt:3:2: error: "fe80::1%eth0" has a zone; to open a service on one interface, use "interfaces"; did you mean "fe80::1"?
                 fe80::1%eth0 # zone
                 ^~~~~~~~~~~~
                """)
        #expect(actual[2].hasPrefix("lists/a.txt:6:1: error: \"office\" is not an address, a prefix or a range\n"))
    }

    @Test func keepsAHundredErrors() throws {
        let folder = try PolicyFolder()
        try folder.write("version: 1\nservices: {}\nsources: {a: {file: a.txt}}\n", to: "policy.yaml")
        try folder.write(String(repeating: "nonsense\n", count: 350), to: "a.txt")
        let diagnostics = folder.read().diagnostics
        #expect(diagnostics.count == 101)
        #expect(diagnostics.last?.rendered(color: false) == "error: 250 more errors not shown")
    }

    @Test func includesAreSortedAndRelative() throws {
        let folder = try PolicyFolder([
            "policy.yaml": "version: 1\ninclude: [\"odd [dir]/none*.yaml\", \"none/*.yaml\", d/*.yaml, z.yaml]\n",
            "d/b.yaml": "sources: {b: {file: b.txt}}\n", "d/a.yaml": "sources: {a: {file: ../d/b.txt}}\n",
            "d/.hidden.yaml": "broken", "d/b.txt": "10.0.0.0/8\n", "z.yaml": "# nothing\n",
        ])
        let reading = folder.read()
        let policy = try #require(reading.policy)
        let messages = reading.diagnostics.map { $0.message.replacingOccurrences(of: folder.path + "/", with: "") }
        // A directory whose name has a wildcard may be any; one that exists may be empty.
        #expect(
            messages.filter { $0.contains("matches no file") } == [
                "\"none/*.yaml\" matches no file: there is no directory none"
            ], "\(messages)")
        #expect(
            policy.files.map { $0.replacingOccurrences(of: folder.path + "/", with: "") } == [
                "policy.yaml", "d/a.yaml", "d/b.yaml", "z.yaml", "d/../d/b.txt", "d/b.txt",
            ])
        #expect(policy.groups.map(\.name) == ["a", "b"])
        #expect(policy.groups[0].addresses == policy.groups[1].addresses)
    }

    @Test func globsWorkBelowADirectoryWithBrackets() throws {
        let folder = try PolicyFolder([
            "[1] {x}/policy.yaml": "version: 1\ninclude: \"*.inc\"\nservices: {}\n",
            "[1] {x}/a.inc": "sources: {a: any}\n",
        ])
        #expect(folder.read("[1] {x}/policy.yaml").policy?.groups.map(\.name) == ["a"])
    }

    @Test func aNameCannotBeDefinedTwice() throws {
        let folder = try PolicyFolder([
            "policy.yaml": """
            version: 1
            include: more.yaml
            sources: {a: any}
            services: {ssh: {ports: 22, from: a, why: x}}
            """
        ])
        try folder.write(
            """
            sources: {⟨a⟩: any}
            services:
              ⟨ssh⟩: {ports: 23, from: a}
            ⟨include⟩: x.yaml
            ⟨defaults⟩: {}
            """, to: "more.yaml")
        let messages = [
            "group \"a\" is already defined at policy.yaml:3:11",
            "service \"ssh\" is already defined at policy.yaml:4:12",
            "an included file cannot have \"include\"; move it to the policy that includes it",
            "an included file cannot have \"defaults\"; move it to the policy that includes it",
        ]
        #expect(
            errors(folder)
                == (try messages.indices.map {
                    try folder.expected(messages[$0], severity: .error, in: "more.yaml", mark: $0)
                }))
    }

    @Test func oneFileIsReadOnce() throws {
        let folder = try PolicyFolder(["more.yaml": "sources: {a: any}\n"])
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/link.yaml", withDestinationPath: folder.path + "/more.yaml")
        try folder.write("version: 1\nservices: {}\ninclude:\n  - more.yaml\n  - ⟨link.yaml⟩\n", to: "policy.yaml")
        let message = "\"link.yaml\" is included twice, first as \"more.yaml\""
        #expect(errors(folder) == [try folder.expected(message, severity: .error, in: "policy.yaml", mark: 0)])
    }
}

/// The checks of owners and permissions; the tests that change owners need root.
@Suite struct OwnershipTests {
    private static let isRoot = geteuid() == 0

    private func messages(_ folder: PolicyFolder) -> [String] {
        folder.rendered(folder.read(checksOwnership: true)).filter { $0.contains(" error: ") }
    }

    @Test func refusesAFileThatOthersCanWrite() throws {
        let folder = try PolicyFolder(["policy.yaml": "version: 1\nservices: {}\n"])
        let path = folder.path + "/policy.yaml"
        #expect(messages(folder) == [])
        #expect(unsafe chmod(path, 0o646) == 0)
        #expect(
            messages(folder) == [
                "policy.yaml:1:1: error: \"policy.yaml\" is writable by everyone; "
                    + "run `chmod go-w policy.yaml` or use --allow-insecure-permissions"
            ])
        let options = ReadingOptions(allowInsecurePermissions: true, checksOwnership: true)
        #expect(PolicyReader.read(path: path, options: options, files: TrustedFiles()).policy != nil)
    }

    @Test func refusesADirectoryThatOthersCanWrite() throws {
        let folder = try PolicyFolder(["d/policy.yaml": "version: 1\nservices: {}\n"])
        let path = folder.path + "/d"
        #expect(unsafe chmod(path, 0o777) == 0)
        let options = ReadingOptions(checksOwnership: true)
        #expect(PolicyReader.read(path: path + "/policy.yaml", options: options, files: TrustedFiles()).policy == nil)
        #expect(unsafe chmod(path, 0o1777) == 0)
        #expect(PolicyReader.read(path: path + "/policy.yaml", options: options, files: TrustedFiles()).policy != nil)
    }

    @Test(.enabled(if: isRoot, "needs root")) func refusesAFileThatOthersOwn() throws {
        let folder = try PolicyFolder(["a.txt": "10.0.0.1\n"])
        try folder.write("version: 1\nservices: {}\nsources: {a: {file: ⟨a.txt⟩}}\n", to: "policy.yaml")
        #expect(unsafe chown(folder.path + "/a.txt", 65534, 0) == 0)
        let message = "\"a.txt\" is owned by user 65534; run `chown root: a.txt` or use --allow-insecure-permissions"
        #expect(messages(folder) == [try folder.expected(message, severity: .error, in: "policy.yaml", mark: 0)])
        #expect(unsafe chmod(folder.path + "/a.txt", 0o666) == 0)
        let both = "owned by user 65534 and writable by everyone; run `chown root: a.txt; chmod go-w a.txt`"
        #expect(messages(folder).first?.contains(both) == true)
    }

    @Test(.enabled(if: isRoot, "needs root")) func acceptsAFileThatTheRootGroupCanWrite() throws {
        let folder = try PolicyFolder(["policy.yaml": "version: 1\nservices: {}\n"])
        #expect(unsafe chmod(folder.path + "/policy.yaml", 0o664) == 0)
        #expect(messages(folder) == [])
        #expect(unsafe chown(folder.path + "/policy.yaml", 0, 65534) == 0)
        #expect(messages(folder).first?.contains("is writable by group 65534") == true)
    }
}

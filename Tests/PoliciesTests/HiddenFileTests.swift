import Foundation
import Glibc
import Policies
import System
import Testing

@Suite("Files that the user who called sudo cannot read")
struct HiddenFileTests {
    /// The diagnostics about a policy and its list, as another user sees them.
    private func rendered(
        _ policy: String, mode: mode_t, folderMode: mode_t = 0o755, caller: FileCaller?
    ) throws -> [String] {
        let folder = try PolicyFolder(["policy.yaml": policy, "lists/secret": "root:$6$hash:19000\n10.1\n"])
        for (name, mode) in [("/lists/secret", mode), ("/lists", folderMode)] {
            try FileManager.default.setAttributes([.posixPermissions: Int(mode)], ofItemAtPath: folder.path + name)
        }
        let options = ReadingOptions(servicesDatabase: folder.path + "/services")
        let files = TrustedFiles(caller: caller)
        return folder.rendered(PolicyReader.read(path: folder.path + "/policy.yaml", options: options, files: files))
    }

    private let asList = "version: 1\nsources: {a: {file: lists/secret}}\nservices: {}\n"
    private let asInclude = "version: 1\ninclude: lists/secret\nservices: {}\n"
    private let other = FileCaller(user: 65534)

    @Test("No line of them is shown, as a list, as an include, or in a directory that is closed")
    func hidden() throws {
        for (policy, mode, folderMode) in [(asList, 0o600, 0o755), (asInclude, 0o640, 0o755), (asList, 0o644, 0o700)] {
            for caller in [other, FileCaller(user: nil)] {
                let lines = try rendered(
                    policy, mode: mode_t(mode), folderMode: mode_t(folderMode), caller: caller)
                #expect(lines.contains { $0.contains("cannot read the file") }, "\(lines)")
                #expect(!lines.joined().contains("hash") && !lines.joined().contains("root:"), "\(lines)")
                #expect(!lines.joined().contains("10.1"), "\(lines)")
            }
        }
    }

    @Test("Others are shown: files that everyone can read, the caller's own, and all to root")
    func shown() throws {
        let cases: [(mode_t, FileCaller?)] = [
            (0o644, other), (0o600, FileCaller(user: getuid())), (0o600, FileCaller(user: 0)), (0o600, nil),
        ]
        for (mode, caller) in cases {
            #expect(try rendered(asList, mode: mode, caller: caller).joined().contains("$6$hash"))
        }
    }
}

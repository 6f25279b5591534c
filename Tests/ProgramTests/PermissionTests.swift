import Foundation
import TestSupport
import Testing

@Suite("What other users may see and write", .privileged, .networkNamespace)
struct PermissionTests {
    @Test("State is private to root with any umask")
    func state() throws {
        let trial = try Trial()
        let prefix = ["sh", "-c", "umask 0; exec \"$@\"", "-"]
        #expect(
            try trial.portreeve("apply", trial.new, "--yes", "--quiet", "--confirm", "1h", prefix: prefix).status == 0)
        let directory = trial.portreeve.stateDirectory
        let names = try FileManager.default.contentsOfDirectory(atPath: directory)
        #expect(Set(["pending", "previous", "lock", "undo.lock", "change-2.prepared"]).isSubset(of: names))
        for path in [directory] + names.map({ "\(directory)/\($0)" }) {
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            let mode = attributes[.posixPermissions] as? Int
            #expect(mode == (path == directory ? 0o700 : 0o600), "\(path)")
            #expect(attributes[.ownerAccountID] as? UInt32 == geteuid(), "\(path)")
        }
        #expect(try trial.portreeve("rollback", "--quiet").status == 0)
    }

    @Test(
        "A user who may not read the state is told so, and never that there is none",
        arguments: ["confirm", "history", "rollback", "diff 1 2", "refresh"])
    func unread(line: String) throws {
        // Without --state-dir, the state is where the namespace has it.
        let portreeve = try Portreeve()
        let policy = try portreeve.write("version: 1\nservices: {}\n")
        let program = try Portreeve.executable
        #expect(try Program.run([program, "apply", policy, "--yes", "--quiet"]).status == 0)
        let user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        let result = try Program.run(user + [program] + line.split(separator: " ").map(String.init))
        #expect(result.status == 1 && result.output.isEmpty)
        let message = #/^portreeve: cannot read [^:]*: permission denied; run as root(; nothing was changed)?\n$/#
        #expect(result.errors.contains(message), "\(result)")
    }

    @Test("Background processes show only the path of the state, and hold no descriptor of the session")
    func processes() throws {
        let trial = try Trial()
        // An inherited descriptor would block a program that waits until it is closed.
        let prefix = ["env", "SECRET=hunter2", "sh", "-c", "exec 7>&1 9> /dev/zero; exec \"$@\"", "-"]
        #expect(
            try trial.portreeve("apply", trial.new, "--yes", "--quiet", "--confirm", "1h", prefix: prefix).status == 0)
        // Found by their whole command line.
        let watchers = try trial.watchers()
        #expect(watchers.count == 2)
        for watcher in watchers {
            #expect(try Data(contentsOf: URL(filePath: "/proc/\(watcher)/environ")).isEmpty)
            let folder = "/proc/\(watcher)/fd"
            let files = try FileManager.default.contentsOfDirectory(atPath: folder).map {
                try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
            }
            #expect(files.allSatisfy { $0 == "/dev/null" || $0.hasPrefix(trial.portreeve.stateDirectory) }, "\(files)")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(watcher)/cwd") == "/")
        }
        #expect(try trial.portreeve("rollback", "--quiet").status == 0)
    }

    @Test("Root applies no policy and no list that other users could write", arguments: ["policy.yaml", "list.txt"])
    func policies(name: String) throws {
        let portreeve = try Portreeve()
        let list = try portreeve.write("192.0.2.0/24\n", to: "list.txt")
        let policy = try portreeve.write(
            "version: 1\nsources: {all: {file: list.txt}}\nservices: {web: {ports: 80, from: all, why: x}}\n")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o666], ofItemAtPath: name == "list.txt" ? list : policy)
        let result = try portreeve("apply", policy, "--yes", "--quiet")
        #expect(result.status == 3)
        #expect(result.errors.contains("chmod go-w") && result.errors.contains(name), "\(result.errors)")
        #expect(try portreeve.shell("nft list ruleset").isEmpty)
        #expect(!FileManager.default.fileExists(atPath: portreeve.stateDirectory + "/change-1.confirmed"))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: policy)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: list)
        #expect(try portreeve("apply", policy, "--yes", "--quiet").status == 0)
    }

    @Test(
        "State that another user could have written is refused with advice", arguments: ["", "/change-1.confirmed"])
    func foreign(name: String) throws {
        let trial = try Trial()
        let path = trial.portreeve.stateDirectory + name
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path)
        let result = try trial.portreeve("rollback", "1", "--yes")
        #expect(result.status == 1)
        let cure =
            "another user could have written it; check its contents, then run `chmod go-w \(path)`, or use another"
        #expect(result.errors.contains("cannot trust \(path): \(cure) --state-dir"), "\(result.errors)")
        #expect(try trial.isLive(trial.old))
    }
}

@Suite("A policy that is checked before it is installed", .privileged)
struct StagedPolicyTests {
    @Test(
        "Root checks another user's copy for its later path",
        arguments: [["sh", "-c", "exec \"$@\" \"$0\""], ["sh", "-c", "\"$@\" - < \"$0\""]])
    func check(reader: [String]) throws {
        let portreeve = try Portreeve()
        _ = try portreeve.write("192.0.2.0/24\n2001:db8::/64\n", to: "office.txt")
        let place = try portreeve.write("version: 1\nservices: {}\n")
        let folder = URL(filePath: place).deletingLastPathComponent().path
        let text =
            "version: 1\nsources: {office: {file: office.txt}}\nservices: {web: {ports: 80, from: office, why: x}}\n"
        // As Ansible does: in the home directory of the user of its login.
        try portreeve.shell("mkdir -m 700 \(folder)/stage")
        let copy = try portreeve.write(text, to: "stage/source")
        try portreeve.shell("chown -R 1:1 \(folder)/stage; chmod 600 \(copy)")
        let command = [try Portreeve.executable, "check", "--as", place]
        let result = try Program.run(reader + [copy] + command)
        #expect(result.status == 0, "\(result)")
        #expect(result.output == "\(place): valid, 1 service\n")
        #expect(try portreeve("check", copy).status == 3)
        _ = try portreeve.write(text.replacing("from: office", with: "from: nowhere"), to: "stage/source")
        let invalid = try Program.run(reader + [copy] + command)
        #expect(invalid.status == 3)
        #expect(
            invalid.errors.hasPrefix("\(place):3:") && !invalid.errors.contains("stage"), "\(invalid.errors)")
    }

    @Test("A path without a file name is refused", arguments: ["", "-", "/etc/portreeve/"])
    func place(path: String) throws {
        let portreeve = try Portreeve()
        let result = try portreeve("check", try portreeve.write("version: 1\nservices: {}\n"), "--as", path)
        #expect(result.status == 64 && result.errors.contains("--as takes the path of a file"), "\(result)")
    }
}

import Foundation
import TestSupport
import Testing

@Suite("portreeve edit", .privileged, .networkNamespace)
struct EditTests {
    private let portreeve: Portreeve
    private let policy: String
    private let text = "version: 1\nservices:\n  web: {ports: 80, from: 10.0.0.0/8, why: Web}\n"

    init() throws {
        portreeve = try Portreeve()
        policy = try portreeve.write(text)
        try portreeve.shell("ip link set lo up; chmod 640 \(policy)")
    }

    /// Runs `edit` with a shell command as the editor.
    private func edit(_ editor: String, _ options: String...) throws -> Program.Result {
        let words = ["edit", policy] + options
        let environment = ["env", "-u", "SUDO_EDITOR", "-u", "VISUAL", "EDITOR=\(editor)"]
        return try Program.run(
            environment + [try Portreeve.executable] + words + ["--state-dir", portreeve.stateDirectory])
    }

    private func content(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    @Test("A valid edit is applied and then written; the file keeps its permissions")
    func valid() throws {
        let result = try edit("sed -i s/10.0.0.0.8/any/", "--yes")
        #expect(result.status == 0 && result.output.contains("applied and read back"), "\(result)")
        #expect(content(policy) == text.replacing("10.0.0.0/8", with: "any"))
        #expect(content(policy + ".edit") == nil && content(policy + ".edit.lock") == nil)
        #expect(try portreeve.shell("stat -c %a \(policy)") == "640\n")
        #expect(try portreeve("plan", policy, "--detailed-exitcode", "--quiet").status == 0)
    }

    @Test("An invalid edit changes nothing, and the next edit goes on with it")
    func invalid() throws {
        let result = try edit("sed -i s/version/vresion/", "--yes")
        #expect(result.status == 3 && result.errors.contains("did you mean \"version\"?"), "\(result)")
        #expect(content(policy) == text && content(policy + ".edit")?.hasPrefix("vresion") == true)
        #expect(try portreeve("status", policy).output.hasPrefix("state: not loaded"))
        let next = try edit("sed -i s/vresion/version/", "--yes")
        #expect(next.status == 0 && next.errors.contains("continuing the edit"), "\(next)")
        #expect(next.output.hasSuffix("was not changed\n"))
    }

    @Test("Without an answer, with a failing editor, or where the file was changed meanwhile, the policy stays")
    func refused() throws {
        let unasked = try edit("sed -i s/10.0.0.0.8/any/")
        #expect(unasked.status == 64 && unasked.errors.contains("\"portreeve edit \(policy) "), "\(unasked)")
        let failed = try edit("false", "--yes")
        #expect(failed.status == 1 && failed.errors.contains("the editor ended with status 1"), "\(failed)")
        let overtaken = try edit("echo '#' >> \(policy); true", "--yes")
        #expect(overtaken.status == 1 && overtaken.errors.contains("was changed while it was edited"), "\(overtaken)")
        #expect(content(policy) == text + "#\n")
        #expect(try portreeve("status", policy).output.hasPrefix("state: not loaded"))
    }

    @Test("A mistyped command is answered, options may stand first, and init makes the directory")
    func firstHour() throws {
        let mistyped = try Program.run([try Portreeve.executable, "aply"])
        #expect(mistyped.status == 64 && mistyped.errors.contains("did you mean \"apply\"?"), "\(mistyped)")
        let first = try Program.run([
            try Portreeve.executable, "--format", "json", "check", policy,
        ])
        #expect(first.status == 0 && first.output.contains("\"valid\": true"), "\(first)")
        let path = policy.replacing("policy.yaml", with: "a/b/policy.yaml")
        let made = try portreeve("init", path)
        #expect(made.status == 0 && made.output.contains("portreeve apply \(path) --confirm 2m"), "\(made)")
        #expect(try portreeve.shell("stat -c %a \(path.dropLast("/policy.yaml".count))") == "755\n")
    }
}

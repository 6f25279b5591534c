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
    private func edit(
        _ editor: String, _ options: String..., by caller: [String] = []
    ) throws -> Program.Result {
        let words = ["edit", policy] + options
        // A group of its own: an editor may interrupt the whole group.
        let environment = ["setsid", "--wait", "env", "-u", "SUDO_EDITOR", "-u", "VISUAL", "EDITOR=\(editor)"] + caller
        return try Program.run(
            environment + [try Portreeve.executable] + words + ["--state-dir", portreeve.stateDirectory])
    }

    /// The names in the directory of the policy.
    private func beside() throws -> [String] {
        let folder = URL(filePath: policy).deletingLastPathComponent().path
        let state = URL(filePath: portreeve.stateDirectory).lastPathComponent
        return try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0 != state }
    }

    /// The text of the edit that is kept; `nil` for none.
    private func kept() throws -> String? {
        guard FileManager.default.fileExists(atPath: portreeve.stateDirectory) else { return nil }
        let names = try FileManager.default.contentsOfDirectory(atPath: portreeve.stateDirectory)
        return names.first { $0.hasSuffix("-policy.yaml") }.flatMap { content("\(portreeve.stateDirectory)/\($0)") }
    }

    private func content(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    @Test("A valid edit is applied and then written; the file keeps its permissions")
    func valid() throws {
        let result = try edit("sed -i s/10.0.0.0.8/any/", "--yes")
        #expect(result.status == 0 && result.output.contains("applied and read back"), "\(result)")
        #expect(content(policy) == text.replacing("10.0.0.0/8", with: "any"))
        #expect(try beside() == ["policy.yaml"] && kept() == nil)
        #expect(try portreeve.shell("stat -c %a \(policy)") == "640\n")
        #expect(try portreeve("plan", policy, "--detailed-exitcode", "--quiet").status == 0)
    }

    @Test("An invalid edit changes nothing, and the next edit goes on with it")
    func invalid() throws {
        let result = try edit("sed -i s/version/vresion/", "--yes")
        #expect(result.status == 3 && result.errors.contains("did you mean \"version\"?"), "\(result)")
        #expect(content(policy) == text)
        #expect(try beside() == ["policy.yaml"] && kept()?.hasPrefix("vresion") == true)
        let command = "\"portreeve edit \(policy) --state-dir \(portreeve.stateDirectory)\" resumes it from "
        #expect(result.errors.contains(command), "\(result)")
        #expect(try portreeve("status", policy).output.hasPrefix("state: not loaded"))
        let next = try edit("sed -i s/vresion/version/", "--yes")
        #expect(next.status == 0 && next.errors.contains("continuing the edit"), "\(next)")
        #expect(next.output.hasSuffix("was not changed\n"))
        #expect(try beside() == ["policy.yaml"] && kept() == nil)
    }

    @Test(
        "Behind sudo, an error shows the line that the user had in the editor, and check shows none of a secret policy")
    func sudo() throws {
        try portreeve.shell("chmod 600 \(policy)")
        let caller = ["SUDO_UID=65534"]
        let edited = try edit("sed -i s/version/vresion/", "--yes", by: caller)
        #expect(edited.status == 3 && edited.errors.contains("\nvresion: 1\n^~~~~~~\n"), "\(edited)")
        try portreeve.shell("sed -i s/version/vresion/ \(policy)")
        let checked = try Program.run(["env"] + caller + [try Portreeve.executable, "check", policy])
        let all = checked.output + checked.errors
        #expect(checked.status == 3 && all.contains("the user who ran sudo cannot read the file"), "\(checked)")
        #expect(!all.contains("vresion"), "\(checked)")
    }

    @Test("Without an answer, with a failing editor, or where the file was changed meanwhile, the policy stays")
    func refused() throws {
        let unasked = try edit("sed -i s/10.0.0.0.8/any/")
        #expect(unasked.status == 64, "\(unasked)")
        #expect(unasked.errors.contains(#/nothing was changed.*\nportreeve: the edit is kept: /#), "\(unasked)")
        let failed = try edit("false", "--yes")
        let words = "the editor ended with status 1; nothing was changed"
        #expect(failed.status == 1 && failed.errors.contains(words), "\(failed)")
        let overtaken = try edit("echo '#' >> \(policy); true", "--yes")
        #expect(overtaken.status == 1 && overtaken.errors.contains("was changed while it was edited"), "\(overtaken)")
        #expect(content(policy) == text + "#\n")
        #expect(try beside() == ["policy.yaml"] && kept()?.contains("from: any") == true)
        #expect(try portreeve("status", policy).output.hasPrefix("state: not loaded"))
    }

    @Test("Without a terminal, no editor is started that nobody chose")
    func unchosen() throws {
        let result = try Program.run([
            "setsid", "--wait", "env", "-u", "SUDO_EDITOR", "-u", "VISUAL", "-u", "EDITOR", Portreeve.executable,
            "edit",
            policy, "--state-dir", portreeve.stateDirectory,
        ])
        #expect(result.status == 1 && result.errors.contains("an editor needs a terminal"), "\(result)")
        #expect(result.errors.contains("nothing was changed"))
        #expect(try beside() == ["policy.yaml"] && kept() == nil)
    }

    @Test("A failing editor that changed nothing leaves nothing, and one that changed the text leaves that")
    func failing() throws {
        #expect(try edit("false", "--yes").status == 1)
        #expect(try beside() == ["policy.yaml"] && kept() == nil)
        let failed = try edit("sh -c 'echo \"# more\" >> \"$1\"; exit 3' sh", "--yes")
        #expect(failed.status == 1 && failed.errors.contains("the editor ended with status 3"), "\(failed)")
        #expect(failed.errors.contains("the edit is kept: "), "\(failed)")
        #expect(try beside() == ["policy.yaml"] && kept() == text + "# more\n")
        let mode = try portreeve.shell("stat -c %a \(portreeve.stateDirectory)/*-policy.yaml")
        #expect(mode == "600\n")
    }

    @Test("Keys that interrupt are the editor's, and at the question they end the command, which keeps the edit")
    func interrupted() throws {
        // The editor interrupts the whole group in the foreground, as a terminal does, and goes on.
        let shared = try edit("sh -c 'trap : INT; kill -INT 0; sed -i s/10.0.0.0.8/any/ \"$1\"' sh", "--yes")
        #expect(shared.status == 0 && content(policy)?.contains("from: any") == true, "\(shared)")
        let words = "portreeve edit \(policy) --state-dir \(portreeve.stateDirectory)"
        let command = words.replacing("portreeve", with: try Portreeve.executable, maxReplacements: 1)
        // script(1) is the terminal, and sends the key once the question is there; a job in the background may ignore its signal.
        let result = try Program.run([
            "sh", "-c",
            "(sleep 3; printf '\\003'; sleep 1) | env --default-signal=INT EDITOR=\"sed -i s/Web/Shop/\" script -qec '\(command)' /dev/null",
        ])
        #expect(result.output.contains("the answer was not yes; nothing was changed"), "\(result)")
        #expect(result.output.contains("the edit is kept: "), "\(result)")
        #expect(try beside() == ["policy.yaml"] && kept()?.contains("Shop") == true)
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
        #expect(made.status == 0 && made.output.contains("portreeve apply --confirm 2m \(path)"), "\(made)")
        #expect(try portreeve.shell("stat -c %a \(path.dropLast("/policy.yaml".count))") == "755\n")
    }
}

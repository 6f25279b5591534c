internal import Glibc

/// The editor of the user who runs this process.
public enum Editor {
    /// The variables that may name it, the first one first: sudoedit(8), environ(7).
    private static let variables = ["SUDO_EDITOR", "VISUAL", "EDITOR"]
    /// The editor of Debian's alternatives.
    private static let standard = "editor"

    /// Opens the file, and returns when the editor has ended.
    ///
    /// The variable may hold arguments, too, so a shell reads it, as for visudo(8) and git(1).
    ///
    /// - Throws: `io` if the editor cannot be started or fails.
    public static func open(_ path: String) throws(KernelError) {
        let chosen = variables.lazy.compactMap(HostCalls.variable).first { !$0.isEmpty }
        let editor = chosen ?? standard
        let attempt = "editing \(path) with \(editor)"
        do throws(SystemError) {
            guard chosen != nil || isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 else {
                throw SystemError(
                    code: 0,
                    text: "an editor needs a terminal: run it in one, or set EDITOR to a program that needs none")
            }
            let status = try ProcessCalls.leavingInterrupts { () throws(SystemError) in
                // The shell outlives an interrupt that the editor takes; with a trap, unlike an ignored signal, the editor gets it.
                let script = "trap : INT QUIT; \(editor) \"$1\""
                let process = try ProcessCalls.spawn("/bin/sh", ["sh", "-c", script, "sh", path])
                return ProcessCalls.awaitEnd(of: process)
            }
            // The shell's status for a program that it does not find: sh(1).
            guard status != 127 else {
                throw SystemError(code: 0, text: "there is no such editor: set EDITOR to the name of one")
            }
            guard status == 0 else { throw SystemError(code: 0, text: "the editor ended with status \(status)") }
        } catch { throw error.during(attempt) }
    }
}

internal import Glibc

/// Messages for all administrators of the host.
public enum Announcement {
    /// Writes a line to the system's log and to the terminals of all logged-in users; failures are ignored.
    public static func make(_ line: String) {
        unsafe openlog("portreeve", LOG_PID, LOG_AUTHPRIV)
        unsafe line.withCString { text in unsafe withVaList([text]) { unsafe vsyslog(LOG_WARNING, "%s", $0) } }
        closelog()
        for terminal in terminals { write("\r\nportreeve: \(line)\r\n", to: terminal) }
    }

    /// The terminals of logged-in users in utmp(5).
    private static var terminals: Set<String> {
        var terminals: Set<String> = []
        setutxent()
        while let entry = unsafe getutxent() {
            guard unsafe entry.pointee.ut_type == Int16(USER_PROCESS) else { continue }
            let line = unsafe withUnsafeBytes(of: &entry.pointee.ut_line) { raw in
                unsafe String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !line.isEmpty && !line.contains("..") && !line.hasPrefix(":") { terminals.insert("/dev/\(line)") }
        }
        endutxent()
        return terminals
    }

    private static func write(_ text: String, to terminal: String) {
        guard let file = try? File(terminal, O_WRONLY | O_NOCTTY | O_NONBLOCK) else { return }
        // A terminal that blocks is skipped.
        if isatty(file.descriptor) == 1 { try? file.write(Array(text.utf8)[...]) }
    }
}

internal import Glibc
internal import Printing

/// Messages for all administrators of the host.
public enum Announcement {
    /// Writes a line to the system's log and to the terminals of all logged-in users; failures are ignored.
    public static func make(_ text: String) {
        let line = text.printable
        HostCalls.log(line)
        for terminal in Set(HostCalls.terminals.compactMap(path)) { write("\r\nportreeve: \(line)\r\n", to: terminal) }
    }

    /// The path of a terminal; `nil` for an empty name, for one that leaves `/dev`, and for a display of X.
    private static func path(_ terminal: String) -> String? {
        terminal.isEmpty || terminal.contains("..") || terminal.hasPrefix(":") ? nil : "/dev/\(terminal)"
    }

    private static func write(_ text: String, to terminal: String) {
        guard let file = try? File(terminal, O_WRONLY | O_NOCTTY | O_NONBLOCK) else { return }
        // A terminal that blocks is skipped.
        if isatty(file.descriptor) == 1 { try? file.write(Array(text.utf8)[...]) }
    }
}

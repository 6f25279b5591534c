internal import Glibc

/// Who runs this process.
public struct Author: Hashable, Sendable {
    /// The user whose rights it has.
    public var user: String
    /// The user who logged in, if it is another and known: `/proc/self/loginuid`, which sudo and su leave as it is, else `SUDO_USER`.
    public var login: String?
    /// The address from which they are connected by SSH.
    public var client: String?

    /// An author of these parts.
    public init(user: String, login: String? = nil, client: String? = nil) {
        self.user = user
        self.login = login
        self.client = client
    }

    private static let loginPath = "/proc/self/loginuid"
    /// What stands there for a process that nobody logged in for.
    private static let nobody = UInt32.max

    /// The author of what this process does.
    public static var current: Self {
        let number = ProcFile.text(loginPath).flatMap { UInt32($0.prefix { $0.isNumber }) }
        let login = number.flatMap { $0 == nobody ? nil : name(of: $0) } ?? variable("SUDO_USER")
        let user = name(of: geteuid())
        let client = variable("SSH_CONNECTION").flatMap(SSHConnection.init)?.clientText
        return Self(user: user, login: login == user ? nil : login, client: client)
    }

    private static func name(of user: UInt32) -> String { UserNames.name(of: user) ?? "uid \(user)" }

    private static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        // It is shown on terminals and kept in files: what is no plain word is somebody's joke.
        let text = unsafe String(cString: value)
        return text.isEmpty || text.count > 100 || !text.allSatisfy { $0.isASCII && $0 >= " " && $0 != "\u{7f}" }
            ? nil : text
    }
}

internal import Glibc

/// The person who runs this process.
public struct Author: Hashable, Sendable {
    /// The effective user.
    public var user: String
    /// The user who logged in, if known and different: `/proc/self/loginuid`, which sudo and su keep, else `SUDO_USER`.
    public var login: String?
    /// The address of the SSH client.
    public var client: String?

    /// An author of these parts.
    public init(user: String, login: String? = nil, client: String? = nil) {
        self.user = user
        self.login = login
        self.client = client
    }

    private static let loginPath = "/proc/self/loginuid"
    /// The value of `loginuid` for a process outside a login session.
    private static let noLogin = UInt32.max

    /// The author of the changes of this process.
    public static var current: Self {
        let number = ProcFile.text(loginPath).flatMap { UInt32($0.prefix { $0.isNumber }) }
        let login = number.flatMap { $0 == noLogin ? nil : name(of: $0) } ?? variable("SUDO_USER")
        let user = name(of: geteuid())
        let client = variable("SSH_CONNECTION").flatMap(SSHConnection.init)?.clientText
        return Self(user: user, login: login == user ? nil : login, client: client)
    }

    private static func name(of user: UInt32) -> String { HostCalls.userName(of: user) ?? "uid \(user)" }

    private static func variable(_ name: String) -> String? {
        // The value is shown on terminals and kept in files: control characters are not accepted.
        guard let text = HostCalls.variable(name) else { return nil }
        return text.isEmpty || text.count > 100 || !text.allSatisfy { $0.isASCII && $0 >= " " && $0 != "\u{7f}" }
            ? nil : text
    }
}

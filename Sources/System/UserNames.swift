/// The names of users in the user database of this host.
public enum UserNames {
    /// The name of the user with this number; `nil` if there is none.
    public static func name(of number: UInt32) -> String? { HostCalls.userName(of: number) }
}

extension String {
    /// Whether a unit of this name is meant by `pattern`: the same name, or a template such as `app@.service`, which means
    /// all its instances.
    public func isUnit(_ pattern: String) -> Bool {
        guard self != pattern, let at = pattern.firstIndex(of: "@") else { return self == pattern }
        let (stem, suffix) = (pattern[...at], pattern[at...].dropFirst())
        return suffix.hasPrefix(".") && hasPrefix(stem) && hasSuffix(suffix) && count > stem.count + suffix.count
    }
}

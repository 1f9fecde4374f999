/// What no output, transcript or argument list may show. `scripts/test` searches for these values after every run: a test that
/// handles a secret takes it from here.
public enum TestSecrets {
    public static let password = "Pw-7rKq2-vzj9"
    /// What AUTH PLAIN makes of user `gateway@example.net` and the password.
    public static let passwordInPlain = "AGdhdGV3YXlAZXhhbXBsZS5uZXQAUHctN3JLcTItdnpqOQ=="
    /// What AUTH LOGIN makes of the password.
    public static let passwordInLogin = "UHctN3JLcTItdnpqOQ=="
    /// An access token of OAuth.
    public static let token = "ya29.Tk-3vQ9x7Lm2_unseen"
    public static let pin = "73915208"
    public static let apnPassword = "Apn-5tGx8-wq"
    public static let body = "body-marker-4hZp1-unseen"
}

//! Which URL may be fetched to confirm a subscription (Amazon SNS, "Confirming a subscription").
//!
//! Whoever knows an integration's key can send any `SubscribeURL`, and the server would fetch it. So only the one form
//! that SNS sends is taken. It is taken apart by the very parser that fetches it: what is judged is what is called.

use http::Uri;

/// The longest URL that is read.
const URL_CHARS: usize = 2048;

/// Refuses every URL but one with which SNS asks for a confirmation.
///
/// # Errors
/// What is wrong with it.
pub fn check(url: &str) -> Result<(), &'static str> {
    if url.is_empty() {
        return Err("is required");
    }
    // A parser may pass over a fragment, or read a backslash or a blank in a way of its own.
    let odd = |byte: u8| !byte.is_ascii_graphic() || matches!(byte, b'\\' | b'#' | b'"' | b'<' | b'>');
    if url.len() > URL_CHARS || url.bytes().any(odd) {
        return Err("is not a URL of SNS");
    }
    let uri: Uri = url.parse().map_err(|_| "is not a URL")?;
    if uri.scheme_str() != Some("https") || !url.starts_with("https://") {
        return Err("must begin with https:");
    }
    // The authority as a whole: a user name, another port or a blank one make it another text.
    let authority = uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
    if !is_sns(authority.strip_suffix(":443").unwrap_or(authority)) || uri.path() != "/" {
        return Err("must lead to SNS");
    }
    let mut actions = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .filter(|(name, _)| name.eq_ignore_ascii_case("action"));
    match (actions.next(), actions.next()) {
        (Some((name, action)), None) if name == "Action" && action == "ConfirmSubscription" => Ok(()),
        _ => Err("must be one that confirms a subscription"),
    }
}

/// `sns.<region>.amazonaws.com`, in China with `.cn` after it.
fn is_sns(host: &str) -> bool {
    let host = host.strip_suffix(".cn").unwrap_or(host);
    let region = host.strip_prefix("sns.").and_then(|rest| rest.strip_suffix(".amazonaws.com"));
    region.is_some_and(is_region)
}

/// `eu-central-1`: two words or more and a number. Other names below `amazonaws.com` can be anybody's: a bucket that
/// is called `sns` answers as `sns.s3.amazonaws.com` and `sns.s3-eu-west-1.amazonaws.com`.
fn is_region(region: &str) -> bool {
    let mut parts = region.rsplit('-');
    let number = parts.next().unwrap_or_default();
    let words: Vec<&str> = parts.collect();
    let is_word = |word: &&str| (2..=16).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase());
    (1..=2).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && (2..=4).contains(&words.len())
        && words.iter().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const QUERY: &str =
        "/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:eu-central-1:123456789012:alarms&Token=2336412f";

    #[test]
    fn the_urls_that_sns_sends_are_taken() {
        for host in [
            "sns.us-east-1.amazonaws.com",
            "sns.eu-central-1.amazonaws.com",
            "sns.ap-southeast-2.amazonaws.com",
            "sns.us-gov-west-1.amazonaws.com",
            "sns.cn-north-1.amazonaws.com.cn",
            "sns.cn-northwest-1.amazonaws.com.cn",
            "sns.us-east-1.amazonaws.com:443",
        ] {
            assert_eq!(check(&format!("https://{host}{QUERY}")), Ok(()), "{host}");
        }
    }

    #[test]
    fn no_other_host_is_ever_fetched() {
        let hostile = [
            "sns.us-east-1.amazonaws.com.evil.net",
            "sns.us-east-1.amazonaws.com.cn.evil.net",
            "evil.net",
            "localhost",
            "127.0.0.1",
            "2130706433",
            "0x7f000001",
            "[::1]",
            "[::ffff:169.254.169.254]",
            "169.254.169.254",
            "sns.us-east-1.amazonaws.com@evil.net",
            "evil.net@sns.us-east-1.amazonaws.com",
            "user:pw@sns.us-east-1.amazonaws.com",
            "@sns.us-east-1.amazonaws.com",
            "sns.us-east-1.amazonaws.com:443@evil.net",
            "sns.us-east-1.amazonaws.com:80",
            "sns.us-east-1.amazonaws.com:8443",
            "sns.us-east-1.amazonaws.com:0443",
            "sns.us-east-1.amazonaws.com:",
            "sns.us-east-1.amazonaws.com:443:443",
            "sns.us-east-1.amazonaws.com.",
            "sns.us-east-1.amazonaws.com.:443",
            "SNS.US-EAST-1.AMAZONAWS.COM",
            "sns.us-EAST-1.amazonaws.com",
            "sns.amazonaws.com",
            "sns..amazonaws.com",
            ".sns.us-east-1.amazonaws.com",
            "sns.us-east-1..amazonaws.com",
            "sns.s3.amazonaws.com",
            "sns.s3-us-west-2.amazonaws.com",
            "sns.s3.us-west-2.amazonaws.com",
            "sns.s3-website-us-east-1.amazonaws.com",
            "sns.us-east-1.elb.amazonaws.com",
            "sqs.us-east-1.amazonaws.com",
            "x-sns.us-east-1.amazonaws.com",
            "snsXus-east-1.amazonaws.com",
            "sns.us-east-1.amazonaws.co",
            "sns.us-east-1.amazonaws.comm",
            "sns.us-east-1.amazonaws.com.cn.cn",
            "sns.us-east-1.amazonaws.cn",
            "sns.us-east-1.xamazonaws.com",
            "sns.us-east-.amazonaws.com",
            "sns.-1.amazonaws.com",
            "sns.us--1.amazonaws.com",
            "sns.us_east_1.amazonaws.com",
            "sns.us-east-1/.amazonaws.com",
            "sns.us-east-1%2eamazonaws.com",
            "sns.us-east-1.amazonaws.com%00.evil.net",
            "sns.us-east-1.amazonaws.com%2f@evil.net",
            "evil.net/sns.us-east-1.amazonaws.com",
            "evil.net?sns.us-east-1.amazonaws.com",
            "evil.net#sns.us-east-1.amazonaws.com",
            "evil.net\\sns.us-east-1.amazonaws.com",
            "sns.us-east-1.amazonaws.com\\@evil.net",
            "sns.us-east-1.amazonaws.com\t.evil.net",
            "sns.us-east-1.amazonaws.com .evil.net",
            " sns.us-east-1.amazonaws.com",
            "sns.us-east-1.amazonaws.com\r\nHost: evil.net",
            "sns.us-east-1.amazonaws.com\0",
            "ｓｎｓ.us-east-1.amazonaws.com",
            "sns.us-east-1.amazonaws。com",
            "sns.us-eаst-1.amazonaws.com",
            "sns.us-east-1.amazonaws.com\u{200b}",
            "",
        ];
        assert!(hostile.len() >= 40);
        for host in hostile {
            let url = format!("https://{host}{QUERY}");
            assert!(check(&url).is_err(), "{url:?}");
        }
    }

    #[test]
    fn no_other_scheme_path_or_action_is_ever_called() {
        let host = "sns.us-east-1.amazonaws.com";
        for url in [
            String::new(),
            format!("http://{host}{QUERY}"),
            format!("HTTPS://{host}{QUERY}"),
            format!("ftp://{host}{QUERY}"),
            format!("//{host}{QUERY}"),
            format!("{host}{QUERY}"),
            format!("https:{host}{QUERY}"),
            format!("https:/{host}{QUERY}"),
            format!("https:///{host}{QUERY}"),
            format!(" https://{host}{QUERY}"),
            format!("https://{host}{QUERY} "),
            format!("https://{host}{QUERY}\n"),
            format!("https://{host}{QUERY}#x"),
            format!("https://{host}{QUERY}&x=\u{e9}"),
            format!("https://{host}/x{QUERY}"),
            format!("https://{host}/..{QUERY}"),
            format!("https://{host}//?Action=ConfirmSubscription"),
            format!("https://{host}"),
            format!("https://{host}/"),
            format!("https://{host}/?action=ConfirmSubscription"),
            format!("https://{host}/?Action=Publish"),
            format!("https://{host}/?Action=confirmsubscription"),
            format!("https://{host}/?Action=ConfirmSubscription&Action=DeleteTopic"),
            format!("https://{host}/?Action=DeleteTopic&Action=ConfirmSubscription"),
            format!("https://{host}/?Action=ConfirmSubscription&%41ction=DeleteTopic"),
            format!("https://{host}/?Action=ConfirmSubscription&action=DeleteTopic"),
            format!("https://{host}/?x=Action=ConfirmSubscription"),
            format!("https://{host}{QUERY}{}", "x".repeat(URL_CHARS)),
            "javascript:alert(1)".to_owned(),
            "file:///etc/passwd".to_owned(),
        ] {
            assert!(check(&url).is_err(), "{url:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_is_put_into_the_host_it_stays_a_region_of_sns(
            before in "[a-z0-9.@:/?#\\\\-]{0,8}", inside in "[a-z0-9.@:/?#\\\\-]{0,16}", after in "\\PC{0,8}",
        ) {
            let url = format!("https://{before}sns.{inside}.amazonaws.com{after}{QUERY}");
            if check(&url).is_ok() {
                let uri: Uri = url.parse().expect("it was judged");
                let host = uri.host().expect("it was judged");
                prop_assert!(host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"), "{}", url);
                prop_assert_eq!(host.split('.').next(), Some("sns"));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,60}") {
            prop_assert!(check(&text).is_err());
        }
    }
}

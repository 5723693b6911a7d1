// What a Java program does with the JDK's own client and the JDK's own trust.
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Client {
    public static void main(String[] arguments) throws Exception {
        for (HttpClient.Version version : HttpClient.Version.values()) {
            HttpClient client = HttpClient.newBuilder().version(version).build();
            for (String address : arguments) {
                HttpRequest get = HttpRequest.newBuilder(URI.create(address)).build();
                HttpResponse<String> answer = client.send(get, HttpResponse.BodyHandlers.ofString());
                System.out.println(version + " asked, " + answer.version() + " " + answer.statusCode() + " " + answer.body().strip());
            }
        }
    }
}

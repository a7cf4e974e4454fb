from django.urls import path

from tests.lending import views

app_name = "lending"
urlpatterns = [
    path("utlan", views.index, name="index"),
    path("utlan/<str:ref>", views.loan, name="loan"),
]
